import { BackgroundTimer, Metrics } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type FastifyInstance } from 'fastify';
import { Counter, Gauge } from 'prom-client';
import { SendReplies } from '../application/send-replies.handler.js';

/** Longest sleep: a customer's answer waits so long at most before it is tried for the first time. */
const longestMs = 1_000;
/** What is due but another replica's is looked at again after this. */
const shortestMs = 200;

/** Sends replies as they become due, in every replica. */
@Injectable()
export class ReplyTimer extends BackgroundTimer {
  private readonly tries: Counter<'result'>;
  private overdueSeconds = 0;

  constructor(
    private readonly replies: SendReplies,
    registry: Metrics,
    host: HttpAdapterHost,
  ) {
    super('Replies', host, [shortestMs, 5_000]);
    // after the timer's own: begins nothing more, and what is under way is told with the rest
    host.httpAdapter.getInstance<FastifyInstance>().addHook('preClose', () => this.replies.finish());
    this.tries = new Counter({
      name: 'ingestion_reply_tries_total',
      help: 'Replies that were handed to a sender, by what came of it: sent, failed, again',
      labelNames: ['result'],
      registers: [registry],
    });
    const overdue = () => this.overdueSeconds;
    new Gauge({
      name: 'ingestion_reply_overdue_seconds',
      help: 'For how long the oldest reply has been due, at the last look',
      registers: [registry],
      collect() {
        this.set(overdue());
      },
    });
  }

  protected override async look(): Promise<number> {
    const wait = await this.replies.untilNext();
    this.overdueSeconds = Math.max(0, -(wait ?? 0) / 1000);
    if (wait === undefined || wait > longestMs) return longestMs * (0.8 + Math.random() / 5);
    if (wait > 0) return wait + Math.random() * 50;
    const begun = await this.replies.begin((result) => this.tries.inc({ result }));
    return begun > 0 ? 0 : shortestMs * (0.5 + Math.random());
  }
}
