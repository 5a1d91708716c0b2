import { type FollowUpTexts } from './texts.js';

export const en: FollowUpTexts = {
  language: 'en',
  direction: 'ltr',
  questions: {
    csat: {
      question: 'How satisfied are you with the solution?',
      lowest: 'very dissatisfied',
      highest: 'very satisfied',
    },
    ces: { question: 'How easy was it to get this solved?', lowest: 'very difficult', highest: 'very easy' },
  },
  mail: {
    subject: 'Is it solved? One short question',
    opening: 'You told us something, and we believe that we have taken care of it.',
    invitation: 'Choose a number; you confirm it on the page that opens.',
    closing: 'This link is for you alone and works until {date}. You need not answer.',
  },
  notice: {
    subject: 'We have changed something because of you',
    opening: 'You told us something, and it has led to a change:',
  },
  page: {
    title: 'Your answer',
    scoreLabel: '{score} of {highest}',
    wordsLabel: 'Would you like to tell us more? (optional)',
    send: 'Send answer',
    scoreMissing: 'Please choose a number.',
    wordsTooLong: 'Your text cannot be sent like this: it is too long, or has characters that we cannot keep.',
    thanks: 'Thank you for your answer.',
    youAnswered: 'You answered {score} of {highest}.',
    confirmed: 'We are glad that it is solved. This matter is closed.',
    objected: 'We are sorry. We have opened the matter again and somebody will look into it.',
    neutral: 'We have noted your answer.',
    late: 'We have noted your answer. The matter had moved on in the meantime, so your answer did not change it.',
    addWords: 'Your answer stands. You can add a few words to it.',
    sendWords: 'Send words',
    wordsTaken: 'We have your words, too.',
    expiredTitle: 'This link is no longer valid',
    expired: 'The time for this answer is over. Please write to us again if something is still open.',
    unknownTitle: 'This link does not exist',
    unknown: 'Please check that the address is complete.',
    failedTitle: 'This did not work',
    failed: 'Nothing was lost. Please try again in a moment.',
  },
};
