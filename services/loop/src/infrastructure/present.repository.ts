import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { PresentStore, type Present } from '../domain/present-store.js';
import { everyStepOf } from './archive.statement.js';
import { carriedBy, toldOf, type ToldRow } from './settlement.repository.js';

@Injectable()
export class PresentRepository extends PresentStore {
  override async lastToldOf(transaction: object, feedbackIds: readonly string[]): Promise<Present[]> {
    // with the settlement that the step carried: the same id is to say the same
    const rows = await (transaction as EntityManager).query<
      (Omit<ToldRow, 'settlement'> & { settlement: number | null; member: string })[]
    >(
      `select distinct on (l.loop_id) f.feedback_id "member", l.loop_id "loopId", l.version, h.at, h.change,
          h.actor_kind "actorKind", h.actor_id "actorId", h.state, h.cycle, h.level, h.team, h.priority, h.owner, h.clocks,
          s.feedback_id "feedbackId", s.revision, s.tag_revision "tagRevision", s.route_revision "routeRevision",
          s.settlement, s.outcome, s.team "settledTeam", s.sentiment "settledSentiment"
        from feedback f
          join lateral (
            select loop_id, version from loop where loop.loop_id = f.loop_id
            union all
            select loop_id, version from loop_archive where loop_archive.loop_id = f.loop_id
          ) l on true
          join lateral ${everyStepOf('l.loop_id')} h on h.version = l.version
          left join lateral ${carriedBy('h')} s on true
        where f.feedback_id = any($1::uuid[])
        order by l.loop_id, f.feedback_id, s.settlement`,
      [feedbackIds],
    );
    return rows.map((row) => {
      const { feedback, ...step } = toldOf(row as ToldRow);
      return { feedbackId: row.member, told: row.settlement === null ? step : { ...step, feedback: feedback! } };
    });
  }
}
