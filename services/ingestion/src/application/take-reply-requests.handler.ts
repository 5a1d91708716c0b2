import { Injectable } from '@nestjs/common';
import { type ReplyRequested } from '@closeloop/contracts';
import { type ReplyTransaction, type SettledReply } from '../domain/reply-store.js';

/** A request, and whether it is sent for a second time on purpose. */
export interface AskedReply {
  readonly data: ReplyRequested;
  readonly replayed: boolean;
}

/** Keeps the replies of a batch until they are sent, each once, however often it is asked for. */
@Injectable()
export class TakeReplyRequests {
  /** For each request what is to be told at once: that nobody sends for its source; of what is replayed, what came of it. */
  async handle(
    transaction: ReplyTransaction,
    batch: readonly AskedReply[],
    now: Date,
  ): Promise<(SettledReply | undefined)[]> {
    const taken = await transaction.take([...new Map(batch.map(({ data }) => [data.replyId, data])).values()], now);
    const asked = batch.filter(({ data, replayed }) => replayed || taken.has(data.replyId));
    const settled = await transaction.settled([...new Set(asked.map(({ data }) => data.replyId))]);
    const told = new Set<string>();
    return batch.map(({ data: { replyId }, replayed }) => {
      if (!(replayed || taken.has(replyId)) || told.has(replyId)) return undefined;
      told.add(replyId);
      return settled.get(replyId);
    });
  }
}
