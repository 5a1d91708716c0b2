import { type FollowUpTexts } from './texts.js';

export const de: FollowUpTexts = {
  language: 'de',
  direction: 'ltr',
  questions: {
    csat: {
      question: 'Wie zufrieden sind Sie mit der Lösung?',
      lowest: 'sehr unzufrieden',
      highest: 'sehr zufrieden',
    },
    ces: {
      question: 'Wie leicht war es, eine Lösung zu bekommen?',
      lowest: 'sehr schwer',
      highest: 'sehr leicht',
    },
  },
  mail: {
    subject: 'Ist es gelöst? Eine kurze Frage',
    opening: 'Sie haben uns etwas mitgeteilt, und wir glauben, dass wir uns darum gekümmert haben.',
    invitation: 'Wählen Sie eine Zahl; auf der Seite, die sich öffnet, bestätigen Sie sie.',
    closing: 'Dieser Link ist nur für Sie bestimmt und gilt bis {date}. Sie müssen nicht antworten.',
  },
  notice: {
    subject: 'Wir haben Ihretwegen etwas geändert',
    opening: 'Sie haben uns etwas mitgeteilt, und es hat zu einer Änderung geführt:',
  },
  page: {
    title: 'Ihre Antwort',
    scoreLabel: '{score} von {highest}',
    wordsLabel: 'Möchten Sie uns mehr dazu sagen? (freiwillig)',
    send: 'Antwort senden',
    scoreMissing: 'Bitte wählen Sie eine Zahl.',
    wordsTooLong:
      'Ihr Text kann so nicht gesendet werden: Er ist zu lang oder hat Zeichen, die wir nicht speichern können.',
    thanks: 'Vielen Dank für Ihre Antwort.',
    youAnswered: 'Sie haben {score} von {highest} geantwortet.',
    confirmed: 'Wir freuen uns, dass es gelöst ist. Die Sache ist abgeschlossen.',
    objected: 'Das tut uns leid. Wir haben die Sache wieder geöffnet, und jemand kümmert sich darum.',
    neutral: 'Wir haben Ihre Antwort aufgenommen.',
    late: 'Wir haben Ihre Antwort aufgenommen. Die Sache war inzwischen weitergegangen, Ihre Antwort hat daran nichts geändert.',
    addWords: 'Ihre Antwort steht. Sie können noch einige Worte dazu schreiben.',
    sendWords: 'Worte senden',
    wordsTaken: 'Auch Ihre Worte haben wir erhalten.',
    expiredTitle: 'Dieser Link gilt nicht mehr',
    expired: 'Die Zeit für diese Antwort ist vorbei. Bitte schreiben Sie uns noch einmal, wenn etwas offen ist.',
    unknownTitle: 'Diesen Link gibt es nicht',
    unknown: 'Bitte prüfen Sie, ob die Adresse vollständig ist.',
    failedTitle: 'Das hat nicht geklappt',
    failed: 'Nichts ist verloren. Bitte versuchen Sie es gleich noch einmal.',
  },
};
