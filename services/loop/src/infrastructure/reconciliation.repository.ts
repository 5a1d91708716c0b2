import { type LoopState, type SettlementOutcome } from '@closeloop/contracts';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
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
}

@Injectable()
export class ReconciliationRepository extends ReconciliationStore {
  constructor(private readonly dataSource: DataSource) {
    super();
  }

  override async recordsOf(feedbackIds: readonly string[]): Promise<Map<string, LoopRecord>> {
    // one statement sees one state of all of them
    const rows = await this.dataSource.query<RecordRow[]>(
      `select f.feedback_id, f.revision, f.outcome, f.loop_id, l.state, l.version,
          coalesce((select max(s.settlement) from settlement s
            where s.feedback_id = f.feedback_id and s.outcome <> 'superseded'), f.settlement) settlement
        from feedback f left join loop l on l.loop_id = f.loop_id
        where f.feedback_id = any($1::uuid[])`,
      [feedbackIds],
    );
    return new Map(
      rows.map(({ feedback_id: feedbackId, loop_id: loopId, state, version, ...row }) => [
        feedbackId,
        { feedbackId, ...row, loopId, loop: state !== null && version !== null ? { state, version } : null },
      ]),
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
