import { BackgroundTimer } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { InboxTopics } from '../domain/inbox-topics.js';
import { TeamStore } from '../domain/team.store.js';

const hourMs = 3_600_000;

/** Sees to it that each team has its inbox: teams that were there before inboxes were, and a Kafka that begins anew. */
@Injectable()
export class InboxTopicsTimer extends BackgroundTimer {
  constructor(
    private readonly teams: TeamStore,
    private readonly inboxes: InboxTopics,
    host: HttpAdapterHost,
  ) {
    super('Inboxes', host);
  }

  protected override async look(): Promise<number> {
    await this.inboxes.make((await this.teams.all()).map(({ name }) => name));
    return hourMs;
  }
}
