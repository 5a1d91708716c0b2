import { Injectable } from '@nestjs/common';
import { differencesOf, type Difference, type LedgerRow } from '../domain/reconciliation.js';
import { ReconciliationStore, type RecordRange } from '../domain/reconciliation-store.js';

/** Most feedback that the ledger has no row of and one answer tells. */
const maxBeyond = 1_000;

/** Compares a page of ingestion's ledger with what is kept here. */
@Injectable()
export class Reconcile {
  constructor(private readonly store: ReconciliationStore) {}

  /** With a range: also what lies in it here and is not among the rows. */
  async handle(rows: readonly LedgerRow[], range: RecordRange | undefined): Promise<Difference[]> {
    const ids = rows.map(({ feedbackId }) => feedbackId);
    const records = await this.store.recordsOf(ids);
    const beyond = range ? await this.store.beyond(ids, range, maxBeyond) : [];
    return differencesOf(rows, records, beyond);
  }
}
