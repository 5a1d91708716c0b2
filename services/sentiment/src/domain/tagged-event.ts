import { feedbackTagged, hopEventId, type FeedbackTagged } from '@closeloop/contracts';
import type { TaggedFeedback } from './tagged-store.js';

/** The event that tells of tags: the same revision of them has the same id. */
export const taggedEvent = ({ feedback, tagRevision, tags }: TaggedFeedback) => ({
  event: feedbackTagged,
  id: hopEventId('tagged', { ...feedback, tagRevision }),
  subject: feedback.feedbackId,
  data: { feedback, tagRevision, tags } satisfies FeedbackTagged,
});
