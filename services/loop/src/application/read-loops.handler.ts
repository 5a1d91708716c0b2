import { Injectable } from '@nestjs/common';
import {
  LoopStore,
  type Draft,
  type LoopCount,
  type LoopFilter,
  type ReadEvent,
  type ReadFeedback,
} from '../domain/loop-store.js';
import { type Loop } from '../domain/loop.js';
import { mayRead, readableTeams, type Person } from '../domain/permission.js';

export interface WholeLoop {
  readonly loop: Loop;
  readonly history: readonly ReadEvent[];
  readonly feedback: readonly ReadFeedback[];
  readonly drafts: readonly Draft[];
}

export type ReadResult<T> =
  { readonly kind: 'found'; readonly value: T } | { readonly kind: 'unknown' } | { readonly kind: 'not-yours' };

/** What somebody may see of the loops. */
@Injectable()
export class ReadLoops {
  constructor(private readonly store: LoopStore) {}

  async page(person: Person, filter: Omit<LoopFilter, 'teams'> & { team?: string }): Promise<ReadResult<Loop[]>> {
    const { team, ...rest } = filter;
    if (team !== undefined && !mayRead(person, team)) return { kind: 'not-yours' };
    const teams = team === undefined ? readableTeams(person) : [team];
    return { kind: 'found', value: await this.store.run((tx) => tx.page({ ...rest, ...(teams && { teams }) })) };
  }

  async one(person: Person, loopId: string): Promise<ReadResult<WholeLoop>> {
    return this.store.run<ReadResult<WholeLoop>>(async (tx) => {
      const loop = await tx.find(loopId);
      // what one may not read is not there, so that ids tell nothing
      if (!loop || !mayRead(person, loop.team)) return { kind: 'unknown' };
      const history = await tx.history(loopId, 0);
      // what was committed between two statements belongs to the next version
      const seen = history.filter(({ version }) => version <= loop.version);
      const value = { loop, history: seen, feedback: await tx.feedbackOf(loopId), drafts: await tx.draftsOf(loopId) };
      return { kind: 'found', value };
    });
  }

  async counts(person: Person): Promise<LoopCount[]> {
    return this.store.run((tx) => tx.counts(readableTeams(person)));
  }
}
