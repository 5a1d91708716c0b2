import { Injectable } from '@nestjs/common';
import { type LoopChanged } from '@closeloop/contracts';
import { PresentStore } from '../domain/present-store.js';
import { type RoutedFeedback } from './settle-feedback.handler.js';

/**
 * What settling does not say of what is sent again on purpose: where its loop stands by now. An agent's step that was lost
 * with its Kafka is known again so. Under the id that it had; who knows a later version takes no notice.
 */
@Injectable()
export class SayAgain {
  constructor(private readonly store: PresentStore) {}

  /** The answers of a batch, with what is to be said besides. */
  async handle(
    batch: readonly RoutedFeedback[],
    answers: readonly LoopChanged[][],
    transaction: object,
  ): Promise<readonly LoopChanged[][]> {
    const last = new Map<string, number>();
    for (const [index, { data, replayed }] of batch.entries()) if (replayed) last.set(data.feedback.feedbackId, index);
    if (last.size === 0) return answers;
    const said = new Set(answers.flat().map(({ loopId, version }) => `${loopId}/${version}`));
    const more = new Map<number, LoopChanged[]>();
    for (const { feedbackId, told } of await this.store.lastToldOf(transaction, [...last.keys()])) {
      if (said.has(`${told.loopId}/${told.version}`)) continue;
      const index = last.get(feedbackId)!;
      more.set(index, [...(more.get(index) ?? []), told]);
    }
    return answers.map((answer, index) => [...answer, ...(more.get(index) ?? [])]);
  }
}
