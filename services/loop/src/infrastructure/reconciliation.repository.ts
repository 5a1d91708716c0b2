import { type LoopState, type SettlementOutcome } from '@closeloop/contracts';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { droppedUntil } from './archive.statement.js';
import { type LoopRecord } from '../domain/reconciliation.js';
import { ReconciliationStore, type RecordRange } from '../domain/reconciliation-store.js';

interface RecordRow {
  feedback_id: string;
  revision: number;
  settlement: number;
  outcome: SettlementOutcome;
  loop_id: string | null;
  state: LoopState | null;
  version: number | null;
  received_at: Date;
}

@Injectable()
export class ReconciliationRepository extends ReconciliationStore {
  constructor(private readonly dataSource: DataSource) {
    super();
  }

  override async recordsOf(feedbackIds: readonly string[]): Promise<Map<string, LoopRecord>> {
    // one statement sees one state of all of them
    const rows = await this.dataSource.query<RecordRow[]>(
      `select f.feedback_id, f.revision, f.outcome, f.loop_id, l.state, l.version, f.received_at,
          coalesce((select max(s.settlement) from settlement s
            where s.feedback_id = f.feedback_id and s.outcome <> 'superseded'), f.settlement) settlement
        from feedback f left join lateral (
            select state, version from loop where loop.loop_id = f.loop_id
            union all
            select state, version from loop_archive where loop_archive.loop_id = f.loop_id
          ) l on true
        where f.feedback_id = any($1::uuid[])`,
      [feedbackIds],
    );
    const isGone = ({ loop_id, state }: RecordRow): boolean => loop_id !== null && state === null;
    const until = rows.some(isGone) ? await droppedUntil(this.dataSource.manager) : undefined;
    return new Map(
      rows.map((row) => {
        const { feedback_id: feedbackId, revision, settlement, outcome, loop_id: loopId, state, version } = row;
        const isDropped = until !== undefined && isGone(row) && row.received_at < until;
        return [
          feedbackId,
          {
            ...{ feedbackId, revision, settlement, outcome, loopId, ...(isDropped && { isDropped }) },
            loop: state !== null && version !== null ? { state, version } : null,
          },
        ];
      }),
    );
  }

  override async beyond(feedbackIds: readonly string[], range: RecordRange, limit: number): Promise<string[]> {
    const rows = await this.dataSource.query<{ feedback_id: string }[]>(
      `select feedback_id from feedback
        where ($2::uuid is null or feedback_id > $2) and ($3::uuid is null or feedback_id <= $3)
          and ($4::timestamptz is null or received_at >= $4) and ($5::timestamptz is null or received_at < $5)
          and not feedback_id = any($1::uuid[])
        order by feedback_id limit $6`,
      [feedbackIds, range.after ?? null, range.upTo ?? null, range.from ?? null, range.to ?? null, limit],
    );
    return rows.map(({ feedback_id }) => feedback_id);
  }
}
