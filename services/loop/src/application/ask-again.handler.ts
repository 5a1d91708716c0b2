import { Injectable } from '@nestjs/common';
import { type ReplyRequested } from '@closeloop/contracts';
import { ReplyStore } from '../domain/reply-store.js';
import { type RoutedFeedback } from './settle-feedback.handler.js';

/**
 * What nobody knows the end of, of feedback that is sent again on purpose: asked for again under its own id. Whoever sent it says
 * so again, and one that was lost with its Kafka is sent.
 */
@Injectable()
export class AskAgain {
  constructor(private readonly store: ReplyStore) {}

  /** One entry for each event, in order. */
  async handle(batch: readonly RoutedFeedback[], transaction: object): Promise<readonly ReplyRequested[][]> {
    const last = new Map<string, number>();
    for (const [index, { data, replayed }] of batch.entries()) if (replayed) last.set(data.feedback.feedbackId, index);
    const asked = batch.map((): ReplyRequested[] => []);
    if (last.size === 0) return asked;
    for (const request of await this.store.within(transaction).openOf([...last.keys()])) {
      asked[last.get(request.feedbackId)!]!.push(request);
    }
    return asked;
  }
}
