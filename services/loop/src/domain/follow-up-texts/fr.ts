import { type FollowUpTexts } from './texts.js';

export const fr: FollowUpTexts = {
  language: 'fr',
  direction: 'ltr',
  questions: {
    csat: {
      question: 'Êtes-vous satisfait(e) de la solution ?',
      lowest: 'très insatisfait(e)',
      highest: 'très satisfait(e)',
    },
    ces: {
      question: 'A-t-il été facile d’obtenir une solution ?',
      lowest: 'très difficile',
      highest: 'très facile',
    },
  },
  mail: {
    subject: 'Est-ce résolu ? Une petite question',
    opening: 'Vous nous avez fait part d’un sujet, et nous pensons l’avoir réglé.',
    invitation: 'Choisissez un chiffre ; vous le confirmerez sur la page qui s’ouvre.',
    closing: 'Ce lien vous est personnel et reste valable jusqu’au {date}. Vous n’êtes pas obligé(e) de répondre.',
  },
  notice: {
    subject: 'Nous avons changé quelque chose grâce à vous',
    opening: 'Vous nous avez fait part de quelque chose, et cela a conduit à un changement :',
  },
  page: {
    title: 'Votre réponse',
    scoreLabel: '{score} sur {highest}',
    wordsLabel: 'Souhaitez-vous nous en dire plus ? (facultatif)',
    send: 'Envoyer la réponse',
    scoreMissing: 'Veuillez choisir un chiffre.',
    wordsTooLong:
      'Votre texte ne peut pas être envoyé ainsi : il est trop long ou contient des caractères que nous ne pouvons pas conserver.',
    thanks: 'Merci pour votre réponse.',
    youAnswered: 'Vous avez répondu {score} sur {highest}.',
    confirmed: 'Nous sommes heureux que ce soit résolu. Le dossier est clos.',
    objected: 'Nous sommes désolés. Nous avons rouvert le dossier et quelqu’un va s’en occuper.',
    neutral: 'Nous avons noté votre réponse.',
    late: 'Nous avons noté votre réponse. Le dossier avait évolué entre-temps ; elle n’y a rien changé.',
    addWords: 'Votre réponse est enregistrée. Vous pouvez y ajouter quelques mots.',
    sendWords: 'Envoyer le texte',
    wordsTaken: 'Nous avons également reçu votre texte.',
    expiredTitle: 'Ce lien n’est plus valable',
    expired: 'Le délai de réponse est écoulé. Écrivez-nous de nouveau si quelque chose reste à régler.',
    unknownTitle: 'Ce lien n’existe pas',
    unknown: 'Veuillez vérifier que l’adresse est complète.',
    failedTitle: 'Cela n’a pas fonctionné',
    failed: 'Rien n’est perdu. Veuillez réessayer dans un instant.',
  },
};
