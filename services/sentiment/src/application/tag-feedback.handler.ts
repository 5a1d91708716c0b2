import { hopEventId, type Feedback, type FeedbackTagged } from '@closeloop/contracts';
import type { Tagger } from '../domain/tagger.js';

/** The tagger's own tags are the first revision; a human's correction is the next. */
const tagRevision = 1;

/** A tagged feedback and the id of the event that says so. */
export interface TaggedFeedback {
  id: string;
  data: FeedbackTagged;
}

/** Tags one revision of a feedback. The same feedback gives the same id, whatever the model of the day. */
export class TagFeedbackHandler {
  constructor(private readonly tagger: Tagger) {}

  handle(feedback: Feedback): TaggedFeedback {
    const { feedbackId, revision, contentHash } = feedback;
    return {
      id: hopEventId('tagged', { feedbackId, revision, tagRevision, contentHash }),
      data: { feedback, tagRevision, tags: feedback.kind === 'deleted' ? null : this.tagger.tag(feedback) },
    };
  }
}
