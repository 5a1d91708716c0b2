import { type Question } from '../follow-up.js';

interface QuestionTexts {
  readonly question: string;
  /** What the lowest and the highest score mean */
  readonly lowest: string;
  readonly highest: string;
}

/** All that a customer reads, in one language. Plain text: whoever shows it escapes it. */
export interface FollowUpTexts {
  /** BCP 47 */
  readonly language: string;
  readonly direction: 'ltr' | 'rtl';
  readonly questions: Readonly<Record<Question, QuestionTexts>>;
  readonly mail: {
    readonly subject: string;
    readonly opening: string;
    readonly invitation: string;
    /** Whose link it is and until when it works; {date} is in it */
    readonly closing: string;
  };
  /** Around what a team says that it improved */
  readonly notice: {
    readonly subject: string;
    readonly opening: string;
  };
  readonly page: {
    readonly title: string;
    /** {score} and {highest} are in it */
    readonly scoreLabel: string;
    readonly wordsLabel: string;
    readonly send: string;
    readonly scoreMissing: string;
    readonly wordsTooLong: string;
    readonly thanks: string;
    /** {score} and {highest} are in it */
    readonly youAnswered: string;
    readonly confirmed: string;
    readonly objected: string;
    readonly neutral: string;
    readonly late: string;
    readonly addWords: string;
    readonly sendWords: string;
    readonly wordsTaken: string;
    readonly expiredTitle: string;
    readonly expired: string;
    readonly unknownTitle: string;
    readonly unknown: string;
    readonly failedTitle: string;
    readonly failed: string;
  };
}
