import { Injectable } from '@nestjs/common';
import { withFact } from '../domain/ledger-entry.js';
import { type KeptLetter, type LedgerRow, type LedgerTransaction, type Tally } from '../domain/ledger-store.js';
import { hasRevision } from '../domain/revision-set.js';
import { claimOf, revisionOf, type LetterClaim } from '../domain/letter.js';

/** A dead letter as it came, before anything is known of whose it is. */
export type NewLetter = Omit<KeptLetter, 'feedbackId' | 'revision' | 'source'>;

/** Keeps dead letters, and enters into the ledger which revision each of them stopped. */
@Injectable()
export class RecordDeadLettersHandler {
  /** For each letter, whether it is kept: those of groups that settle nothing are not. */
  async record(transaction: LedgerTransaction, came: readonly NewLetter[]): Promise<boolean[]> {
    const letters = [...new Map(came.map((letter) => [letter.id, letter])).values()];
    const claims = letters.map(claimOf);
    const unread = claims.flatMap((claim) => (needsLookUp(claim) ? [claim.feedbackId!] : []));
    const revisions = unread.length > 0 ? await transaction.revisionsOf([...new Set(unread)]) : new Map<string, []>();

    const placed = letters.map((letter, at): KeptLetter => {
      const claim = claims[at]!;
      const source = claim.kind === 'inbound' && claim.source !== '' ? { source: claim.source } : {};
      if (claim.kind === 'other' || claim.feedbackId === undefined) return { ...letter, ...source };
      if (claim.kind !== 'accepted') return { ...letter, ...source, feedbackId: claim.feedbackId };
      const revision = claim.revision ?? revisionOf(claim, revisions.get(claim.feedbackId) ?? []);
      return { ...letter, feedbackId: claim.feedbackId, ...(revision !== undefined && { revision }) };
    });
    const kept = placed.filter((_, at) => claims[at]!.kind !== 'other');
    if (kept.length > 0) {
      const first = await transaction.keep(kept);
      await this.enter(
        transaction,
        kept.filter(({ id }) => first.has(id)),
        claims.filter((claim, at) => claim.kind === 'inbound' && first.has(letters[at]!.id)),
      );
    }
    const ids = new Set(kept.map(({ id }) => id));
    return came.map(({ id }) => ids.has(id));
  }

  private async enter(
    transaction: LedgerTransaction,
    letters: readonly KeptLetter[],
    inbound: readonly LetterClaim[],
  ): Promise<void> {
    const dead = letters.filter(({ feedbackId, revision }) => feedbackId !== undefined && revision !== undefined);
    const ids = [...new Set(dead.map(({ feedbackId }) => feedbackId!))].sort();
    const known = ids.length > 0 ? await transaction.lock(ids) : new Map<string, LedgerRow>();
    const rows = new Map<string, LedgerRow>();
    const late: { feedbackId: string; revision: number }[] = [];
    for (const { feedbackId, revision } of dead) {
      const row = rows.get(feedbackId!) ?? known.get(feedbackId!);
      if (row && hasRevision(row.entry.resolved, revision!))
        late.push({ feedbackId: row.feedbackId, revision: revision! });
      // a revision that was never accepted is somebody else's, and must not hide one that is to come
      if (!row || revision! > row.acceptedRevision) continue;
      rows.set(row.feedbackId, { ...row, entry: withFact(row.entry, { kind: 'dead', revision: revision! }) });
    }
    const tallies = inbound.flatMap((claim): Tally[] =>
      claim.kind === 'inbound' ? [{ measure: 'result', source: claim.source, value: 'dead-inbound', count: 1 }] : [],
    );
    if (late.length > 0) await transaction.settleLetters(late);
    if (rows.size > 0 || tallies.length > 0) await transaction.save({ rows: [...rows.values()], loops: [], tallies });
  }
}

const needsLookUp = (claim: LetterClaim): claim is LetterClaim & { kind: 'accepted' } =>
  claim.kind === 'accepted' && claim.revision === undefined && claim.feedbackId !== undefined;
