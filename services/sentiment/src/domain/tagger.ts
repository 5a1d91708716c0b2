import type { Feedback, Tags } from '@closeloop/contracts';

/** Says what is in a feedback. Pure: the same feedback and the same model give the same tags. */
export interface Tagger {
  /** For a feedback that has something to judge, so not for a deletion. */
  tag(feedback: Feedback): Tags;
}
