import { type LoopState } from '@closeloop/contracts';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type StandingOutcome } from '../domain/ledger-entry.js';
import { ReconciliationReader, type ReconciliationPage, type ReconciliationRow } from '../domain/reconciliation.js';
import { receivedIn } from './received-in.js';

interface Row {
  feedback_id: string;
  accepted_revision: number;
  settled_revision: number;
  settlement: number;
  outcome: StandingOutcome | null;
  loop_id: string | null;
  state: LoopState | null;
  version: number | null;
  dead_revision: number;
  accepted_at: Date;
}

const columns = `
  feedback.feedback_id, feedback.accepted_revision, feedback.settled_revision, feedback.settlement, feedback.outcome,
  feedback.loop_id, loop.state, loop.version, feedback.dead_revision, feedback.accepted_at`;

@Injectable()
export class ReconciliationReaderRepository extends ReconciliationReader {
  constructor(private readonly dataSource: DataSource) {
    super();
  }

  override async rows(page: ReconciliationPage): Promise<ReconciliationRow[]> {
    const rows =
      'ids' in page
        ? await this.dataSource.query<Row[]>(
            `select ${columns} from feedback left join loop_state loop using (loop_id)
             where feedback_id = any($1::uuid[]) order by feedback_id`,
            [page.ids],
          )
        : await this.dataSource.query<Row[]>(
            `select ${columns}
             from (select * from feedback where ($1::uuid is null or feedback_id > $1) and ${receivedIn(2, page)}
                   order by feedback_id limit $4) feedback
             left join loop_state loop using (loop_id) order by feedback_id`,
            [page.after ?? null, page.from ?? null, page.to ?? null, page.limit],
          );
    return rows.map((row) => ({
      ...{
        feedbackId: row.feedback_id,
        acceptedRevision: row.accepted_revision,
        settledRevision: row.settled_revision,
      },
      ...{ settlement: row.settlement, outcome: row.outcome, loopId: row.loop_id },
      loop: row.state !== null && row.version !== null ? { state: row.state, version: row.version } : null,
      openLetterRevision: row.dead_revision,
      acceptedAt: row.accepted_at.toISOString(),
    }));
  }
}
