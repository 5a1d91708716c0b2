import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type FeedbackTaggedDto } from './feedback.dto.js';
import { LoopEntity, LoopFeedbackEntity, LoopHistoryEntity } from './loop.entity.js';
import { type Route } from './route.js';

@Injectable()
export class LoopService {
  constructor(private readonly database: DataSource) {}

  /** A loop has the id of the feedback that opened it, so that one that comes again is the same. */
  async open({ feedbackId: loopId, ...tagged }: FeedbackTaggedDto, { team, priority }: Route): Promise<void> {
    const openedAt = new Date();
    const receivedAt = new Date(tagged.receivedAt);
    await this.database.transaction(async (transaction) => {
      await transaction.save(LoopFeedbackEntity, {
        ...{ feedbackId: loopId, loopId, receivedAt, text: tagged.text, tags: tagged.tags, author: tagged.author },
        rating: tagged.rating && tagged.rating.value / tagged.rating.scale,
      });
      await transaction.save(LoopEntity, {
        ...{ loopId, version: 1, state: 'opened', cycle: 1, team, priority, receivedAt, openedAt },
        ...{ customer: tagged.customerKey, channel: tagged.channel },
        respondBy: new Date(receivedAt.getTime() + respondWithinMs),
      });
      await transaction.save(LoopHistoryEntity, {
        ...{ loopId, version: 1, change: 'opened', at: openedAt, actor: 'system', state: 'opened', team, priority },
        feedbackId: loopId,
      });
    });
  }
}

const respondWithinMs = 24 * 60 * 60 * 1000;
