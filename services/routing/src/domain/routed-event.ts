import { feedbackRouted, hopEventId, type FeedbackRouted } from '@closeloop/contracts';
import type { KeptFeedback } from './kept-store.js';

/** The event that tells of a route: the same revision of it has the same id. */
export const routedEvent = ({ feedback, tagRevision, tags, routeRevision, route }: KeptFeedback) => ({
  event: feedbackRouted,
  id: hopEventId('routed', { ...feedback, tagRevision, routeRevision }),
  subject: feedback.feedbackId,
  data: { feedback, tagRevision, tags, routeRevision, route } satisfies FeedbackRouted,
});
