import { type FollowUpTexts } from './texts.js';

export const it: FollowUpTexts = {
  language: 'it',
  direction: 'ltr',
  questions: {
    csat: {
      question: 'Quanto è soddisfatto della soluzione?',
      lowest: 'per niente soddisfatto',
      highest: 'molto soddisfatto',
    },
    ces: { question: 'È stato facile ottenere una soluzione?', lowest: 'molto difficile', highest: 'molto facile' },
  },
  mail: {
    subject: 'È risolto? Una breve domanda',
    opening: 'Ci ha segnalato qualcosa e crediamo di averlo risolto.',
    invitation: 'Scelga un numero; lo confermerà nella pagina che si apre.',
    closing: 'Questo link è solo per Lei e vale fino al {date}. Non è obbligatorio rispondere.',
  },
  notice: {
    subject: 'Abbiamo cambiato qualcosa grazie a Lei',
    opening: 'Ci ha segnalato qualcosa, e questo ha portato a un cambiamento:',
  },
  page: {
    title: 'La Sua risposta',
    scoreLabel: '{score} su {highest}',
    wordsLabel: 'Vuole dirci di più? (facoltativo)',
    send: 'Invia la risposta',
    scoreMissing: 'Scelga un numero, per favore.',
    wordsTooLong:
      'Il Suo testo non può essere inviato così: è troppo lungo o contiene caratteri che non possiamo conservare.',
    thanks: 'Grazie per la Sua risposta.',
    youAnswered: 'Ha risposto {score} su {highest}.',
    confirmed: 'Siamo contenti che sia risolto. La pratica è chiusa.',
    objected: 'Ci dispiace. Abbiamo riaperto la pratica e qualcuno se ne occuperà.',
    neutral: 'Abbiamo preso nota della Sua risposta.',
    late: 'Abbiamo preso nota della Sua risposta. Nel frattempo la pratica era andata avanti, quindi la risposta non l’ha modificata.',
    addWords: 'La Sua risposta è registrata. Può aggiungere qualche parola.',
    sendWords: 'Invia il testo',
    wordsTaken: 'Abbiamo ricevuto anche il Suo testo.',
    expiredTitle: 'Questo link non è più valido',
    expired: 'Il tempo per rispondere è scaduto. Ci scriva di nuovo se qualcosa è ancora in sospeso.',
    unknownTitle: 'Questo link non esiste',
    unknown: 'Controlli che l’indirizzo sia completo.',
    failedTitle: 'Non ha funzionato',
    failed: 'Non è andato perso nulla. Riprovi tra un momento.',
  },
};
