import { Injectable } from '@nestjs/common';
import { FollowUpStore, type FollowUpFilter, type ReadFollowUp } from '../domain/follow-up-store.js';
import { mayRead, readableTeams, type Person } from '../domain/permission.js';

/** More than a loop has cycles, in practice. */
const mostOfALoop = 100;

/** What somebody may see of what customers were asked. */
@Injectable()
export class ReadFollowUps {
  constructor(private readonly store: FollowUpStore) {}

  /** @returns undefined for the follow-ups of another's team */
  async page(
    person: Person,
    { team, ...filter }: Omit<FollowUpFilter, 'teams'> & { readonly team?: string },
  ): Promise<ReadFollowUp[] | undefined> {
    if (team !== undefined && !mayRead(person, { team })) return undefined;
    const teams = team === undefined ? readableTeams(person) : [team];
    return this.store.page({ ...filter, ...(teams && { teams }) });
  }

  /** Of a loop that the reader may read. */
  ofLoop(loopId: string): Promise<ReadFollowUp[]> {
    return this.store.page({ loopId, limit: mostOfALoop });
  }
}
