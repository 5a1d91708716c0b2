import { Injectable } from '@nestjs/common';
import {
  LoopStore,
  type Draft,
  type ListedLoop,
  type LoopCount,
  type LoopFilter,
  type ReadEvent,
  type ReadFeedback,
} from '../domain/loop-store.js';
import { type Writing } from '../domain/answer.js';
import { type Loop } from '../domain/loop.js';
import { type Reply } from '../domain/reply.js';
import { readings } from '../domain/sla/clocks.js';
import { SlaBook } from '../domain/sla/sla-book.js';
import { mayRead, readableTeams, type Person } from '../domain/permission.js';

/** A loop, and what its clocks show now, where some run. */
export interface ShownLoop {
  readonly loop: Loop;
  readonly readings?: NonNullable<ReturnType<typeof readings>>;
}

/** A loop of a list, and what its clocks show now. */
export type ListedAndShown = ShownLoop & Omit<ListedLoop, 'loop'>;

export interface WholeLoop extends ShownLoop {
  readonly history: readonly ReadEvent[];
  readonly feedback: readonly ReadFeedback[];
  readonly drafts: readonly Draft[];
  /** Who writes an answer now */
  readonly writing: readonly Writing[];
  readonly replies: readonly Reply[];
}

export type ReadResult<T> =
  { readonly kind: 'found'; readonly value: T } | { readonly kind: 'unknown' } | { readonly kind: 'not-yours' };

/** What somebody may see of the loops. */
@Injectable()
export class ReadLoops {
  constructor(
    private readonly store: LoopStore,
    private readonly book: SlaBook,
  ) {}

  async page(
    person: Person,
    filter: Omit<LoopFilter, 'teams' | 'overdueAt'> & { team?: string; overdue?: boolean },
  ): Promise<ReadResult<ListedAndShown[]>> {
    const { team, overdue, ...rest } = filter;
    if (team !== undefined && !mayRead(person, { team })) return { kind: 'not-yours' };
    const own = filter.owner === person.subject;
    // escalation hands loops to people of other teams: what is one's own is seen wherever it is
    const teams = team !== undefined ? [team] : own ? undefined : readableTeams(person);
    return this.store.look(async (tx, now) => {
      const loops = await tx.page({ ...rest, ...(teams && { teams }), ...(overdue && { overdueAt: now }) });
      return { kind: 'found', value: loops.map(({ loop, ...listed }) => ({ ...this.shown(loop, now), ...listed })) };
    });
  }

  /** As a command leaves it. */
  shown(loop: Loop, now: Date): ShownLoop {
    const terms = this.book.termsOf(loop);
    const shown = terms && readings(loop, terms, loop.resolvedAt ?? loop.closedAt ?? now);
    return { loop, ...(shown && { readings: shown }) };
  }

  async one(person: Person, loopId: string): Promise<ReadResult<WholeLoop>> {
    return this.store.look<ReadResult<WholeLoop>>(async (tx, now) => {
      const loop = await tx.find(loopId);
      // what one may not read is not there, so that ids tell nothing
      if (!loop || !mayRead(person, loop)) return { kind: 'unknown' };
      const value = {
        ...this.shown(loop, now),
        history: await tx.history(loopId, 0),
        feedback: await tx.feedbackOf(loopId),
        drafts: await tx.draftsOf(loopId),
        writing: await tx.writingOf(loopId, now),
        replies: await tx.repliesOf(loopId),
      };
      return { kind: 'found', value };
    });
  }

  async counts(person: Person): Promise<LoopCount[]> {
    return this.store.look((tx) => tx.counts(readableTeams(person)));
  }
}
