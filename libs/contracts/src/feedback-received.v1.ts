import { declareEvent } from './event-declaration.js';
import { Feedback } from './feedback.js';

export class FeedbackReceived extends Feedback {}

export const feedbackReceived = declareEvent({
  topic: 'feedback.received.v1',
  description: 'A feedback, or a new revision of one, was accepted for good',
  data: FeedbackReceived,
  key: (feedback) => feedback.feedbackId,
});
