import { pipeline, replayGroupHeader, resendForRebuild, resendHeader, type LoopChanged } from '@closeloop/contracts';
import { Outbox } from '@closeloop/messaging';
import { AuditLog } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { HistoryStore, type HistoryPage } from '../domain/history-store.js';
import { outgoing } from '../domain/loop-changed.js';
import { type Person } from '../domain/permission.js';
import { everyStepOf } from './archive.statement.js';
import { carriedBy, toldOf, type ToldRow } from './settlement.repository.js';

/** Loops of one page; each has a handful of steps */
const atOnce = 200;

@Injectable()
export class HistoryRepository extends HistoryStore {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
    private readonly audit: AuditLog,
  ) {
    super();
  }

  override republish(rebuildId: string, after: string | undefined, person: Person): Promise<HistoryPage> {
    return this.dataSource.transaction(async (manager) => {
      const rows = await manager.query<{ loop_id: string }[]>(
        `select loop_id from (select loop_id from loop union all select loop_id from loop_archive) every
          where loop_id > $1 order by loop_id limit $2`,
        [after ?? '00000000-0000-0000-0000-000000000000', atOnce],
      );
      const loopIds = rows.map(({ loop_id }) => loop_id);
      const told = loopIds.length === 0 ? [] : await this.told(manager, loopIds);
      await this.outbox.append(manager, told.map(outgoing), {
        // for its reader alone: to all others it is no news
        [replayGroupHeader]: pipeline.insights.group,
        [resendHeader]: resendForRebuild(rebuildId),
      });
      if (after === undefined) {
        const { subject, roles } = person;
        await this.audit.append(manager, {
          ...{ actor: { kind: 'person', subject, roles }, action: 'history.republished' },
          resource: { kind: 'rebuild', id: rebuildId },
        });
      }
      const next = loopIds.length === atOnce ? loopIds.at(-1) : undefined;
      return { loops: loopIds.length, events: told.length, ...(next !== undefined && { next }) };
    });
  }

  override unsent(): number {
    return this.outbox.unsent;
  }

  override isFull(): boolean {
    return this.outbox.isFull();
  }

  override wake(): void {
    this.outbox.wake();
  }

  /** Every step of the loops as it was told, with the settlement that it carried. */
  private async told(manager: EntityManager, loopIds: readonly string[]): Promise<LoopChanged[]> {
    const rows = await manager.query<(Omit<ToldRow, 'settlement'> & { settlement: number | null })[]>(
      `select distinct on (h.loop_id, h.version) h.loop_id "loopId", h.version, h.at, h.change, h.actor_kind "actorKind",
         h.actor_id "actorId", h.state, h.cycle, h.level, h.team, h.priority, h.owner, h.clocks, s.feedback_id "feedbackId",
         s.revision, s.tag_revision "tagRevision", s.route_revision "routeRevision", s.settlement, s.outcome,
         s.team "settledTeam", s.sentiment "settledSentiment"
       from unnest($1::uuid[]) l(loop_id)
       join lateral ${everyStepOf('l.loop_id')} h on true
       left join lateral ${carriedBy('h')} s on true
       order by h.loop_id, h.version, s.settlement desc`,
      [loopIds],
    );
    return rows.map((row) => {
      const { feedback, ...step } = toldOf(row as ToldRow);
      return row.settlement === null ? step : { ...step, feedback: feedback! };
    });
  }
}
