import { type FollowUpTexts } from './texts.js';

export const nl: FollowUpTexts = {
  language: 'nl',
  direction: 'ltr',
  questions: {
    csat: {
      question: 'Hoe tevreden bent u met de oplossing?',
      lowest: 'zeer ontevreden',
      highest: 'zeer tevreden',
    },
    ces: {
      question: 'Hoe gemakkelijk was het om een oplossing te krijgen?',
      lowest: 'zeer moeilijk',
      highest: 'zeer gemakkelijk',
    },
  },
  mail: {
    subject: 'Is het opgelost? Eén korte vraag',
    opening: 'U hebt ons iets laten weten, en wij denken dat het geregeld is.',
    invitation: 'Kies een cijfer; u bevestigt het op de pagina die opent.',
    closing: 'Deze link is alleen voor u en werkt tot {date}. U hoeft niet te antwoorden.',
  },
  notice: {
    subject: 'Dankzij u hebben we iets veranderd',
    opening: 'U hebt ons iets laten weten, en dat heeft tot een verandering geleid:',
  },
  page: {
    title: 'Uw antwoord',
    scoreLabel: '{score} van {highest}',
    wordsLabel: 'Wilt u ons meer vertellen? (niet verplicht)',
    send: 'Antwoord versturen',
    scoreMissing: 'Kies een cijfer.',
    wordsTooLong: 'Uw tekst kan zo niet worden verstuurd: hij is te lang of bevat tekens die wij niet kunnen bewaren.',
    thanks: 'Dank u voor uw antwoord.',
    youAnswered: 'U antwoordde {score} van {highest}.',
    confirmed: 'Fijn dat het is opgelost. De zaak is afgesloten.',
    objected: 'Dat spijt ons. Wij hebben de zaak heropend en iemand gaat ermee aan de slag.',
    neutral: 'Wij hebben uw antwoord genoteerd.',
    late: 'Wij hebben uw antwoord genoteerd. De zaak was intussen verder gegaan; uw antwoord heeft daaraan niets veranderd.',
    addWords: 'Uw antwoord staat. U kunt er nog een paar woorden aan toevoegen.',
    sendWords: 'Tekst versturen',
    wordsTaken: 'Ook uw tekst hebben wij ontvangen.',
    expiredTitle: 'Deze link is niet meer geldig',
    expired: 'De tijd voor dit antwoord is voorbij. Schrijf ons opnieuw als er nog iets openstaat.',
    unknownTitle: 'Deze link bestaat niet',
    unknown: 'Controleer of het adres volledig is.',
    failedTitle: 'Dat is niet gelukt',
    failed: 'Er is niets verloren. Probeer het zo dadelijk opnieuw.',
  },
};
