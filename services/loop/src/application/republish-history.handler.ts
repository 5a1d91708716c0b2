import { Injectable } from '@nestjs/common';
import { Problem } from '@closeloop/platform';
import { HistoryStore, type HistoryPage } from '../domain/history-store.js';
import { type Person } from '../domain/permission.js';

/** At so many unsent events it waits: what happens meanwhile must not find the outbox full because of it. */
const maxUnsent = 10_000;

/** Tells again what was told of every loop, for a read model that is rebuilt. */
@Injectable()
export class RepublishHistory {
  constructor(private readonly store: HistoryStore) {}

  /** One page. @throws Problem `backlog-full` while too much waits to be sent: nothing was done, ask again */
  async handle(rebuildId: string, after: string | undefined, person: Person): Promise<HistoryPage> {
    if (this.store.isFull() || this.store.unsent() >= maxUnsent) {
      throw new Problem('backlog-full', `${this.store.unsent()} events wait to be sent; ask again for the same page.`, {
        headers: { 'retry-after': '1' },
      });
    }
    const page = await this.store.republish(rebuildId, after, person);
    this.store.wake();
    return page;
  }
}
