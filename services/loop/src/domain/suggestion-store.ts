import { type Loop } from './loop.js';
import { type Bag, type PastAnswer } from './suggestion.js';

export abstract class SuggestionStore {
  /** The words of a feedback as they are searched; undefined once they are erased. */
  abstract wordsOf(feedbackId: string): Promise<Bag | undefined>;
  /**
   * Answers of the loop's team in other loops, to feedback that shares words, the most alike first: none that its customer has
   * objected to, none that did not arrive, none to what is erased.
   */
  abstract candidates(loop: Loop, words: Bag, limit: number): Promise<PastAnswer[]>;
}
