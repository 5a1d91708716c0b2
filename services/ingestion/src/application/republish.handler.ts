import { randomUUID } from 'node:crypto';
import { resendForRebuild } from '@closeloop/contracts';
import { Injectable } from '@nestjs/common';
import { Problem } from '@closeloop/platform';
import { type Actor } from '../domain/actor.js';
import {
  RepublicationStore,
  type Republication,
  type Republished,
  type RevisionPlace,
} from '../domain/republication.js';

/** At so many unsent events a republish waits: what comes in meanwhile must not find the outbox full because of it. */
const maxUnsent = 10_000;

/** Sends accepted feedback again, from what is kept of it: for a Kafka that lost it. */
@Injectable()
export class RepublishHandler {
  constructor(private readonly store: RepublicationStore) {}

  /** One page. @throws Problem `backlog-full` while too much waits to be sent: nothing was done, ask again */
  async republish(
    which: Republished,
    after: RevisionPlace | undefined,
    actor: Actor,
    rebuild?: string,
  ): Promise<Republication> {
    if (this.store.isFull() || this.store.unsent() >= maxUnsent)
      throw new Problem('backlog-full', `${this.store.unsent()} events wait to be sent; ask again for the same page.`, {
        headers: { 'retry-after': '1' },
      });
    const resend = rebuild === undefined ? `republish:${randomUUID()}` : resendForRebuild(rebuild);
    const page = await this.store.republish(which, after, resend, actor);
    this.store.wake();
    return page;
  }
}
