import { describe, expect, it } from '@jest/globals';
import { differencesOf, type LedgerRow, type LoopRecord } from './reconciliation.js';

const feedbackId = '0b4e7a4e-94e9-5f4e-8a3c-1d1f6f2f3a4b';
const loopId = '1c5f8b5f-a5fa-5a5f-9b4d-2e2a7a3a4b5c';
/** A feedback in a loop, settled. */
const ledger = (more: Partial<LedgerRow> = {}): LedgerRow => ({
  ...{ feedbackId, acceptedRevision: 1, settledRevision: 1, settlement: 1, outcome: 'loop', loopId },
  ...{ loop: { state: 'opened', version: 1 }, openLetterRevision: 0 },
  ...more,
});
const loop = (more: Partial<LoopRecord> = {}): LoopRecord => ({
  ...{ feedbackId, revision: 1, settlement: 1, outcome: 'loop', loopId, loop: { state: 'opened', version: 1 } },
  ...more,
});
const none = { outcome: null, loopId: null, loop: null, settlement: 0, settledRevision: 0 } as const;
const between = (row: LedgerRow, record?: LoopRecord) =>
  differencesOf([row], new Map(record && [[feedbackId, record]])).map(({ field, ledger: said, loop: is }) => [
    field,
    said,
    is,
  ]);

describe('given a ledger and what the loop service keeps, when both are compared', () => {
  it.each<[string, LedgerRow, LoopRecord | undefined]>([
    ['a loop that both know alike', ledger(), loop()],
    [
      'a feedback that needs no loop',
      ledger({ outcome: 'no-loop', loopId: null, loop: null }),
      loop({ outcome: 'no-loop', loopId: null, loop: null }),
    ],
    ['a first revision that died on its way', ledger({ ...none, openLetterRevision: 1 }), undefined],
    ['a loop whose second revision died on its way', ledger({ acceptedRevision: 2, openLetterRevision: 2 }), loop()],
    [
      'a letter of a revision before the one that stands',
      ledger({ acceptedRevision: 2, settledRevision: 2, openLetterRevision: 1 }),
      loop({ revision: 2 }),
    ],
    ['a loop that was dropped with its month', ledger(), loop({ loop: null, isDropped: true })],
  ])('then nothing differs: %s', (_, row, record) => {
    expect(between(row, record)).toEqual([]);
  });

  it.each<[string, LedgerRow, LoopRecord | undefined, unknown[]]>([
    ['settled and not in the loop service', ledger(), undefined, [['feedback', 'settled', null]]],
    ['accepted and nowhere else', ledger(none), undefined, [['feedback', 'accepted', null]]],
    ['settled, and the ledger was not told', ledger(none), loop(), [['revision', '0 of 1', '1']]],
    ['revised, and the revision lost', ledger({ acceptedRevision: 2 }), loop(), [['revision', '1 of 2', '1']]],
    [
      'revised, and the ledger not told',
      ledger({ acceptedRevision: 2 }),
      loop({ revision: 2 }),
      [['revision', '1 of 2', '2']],
    ],
    [
      'settled here further back than the ledger says',
      ledger({ acceptedRevision: 2, settledRevision: 2 }),
      loop(),
      [['revision', 2, 1]],
    ],
    [
      'dead and settled',
      ledger({ ...none, openLetterRevision: 1 }),
      loop(),
      [['deadLetter', 'revision 1', 'settled revision 1']],
    ],
    ['another outcome', ledger({ outcome: 'joined' }), loop(), [['outcome', 'joined', 'loop']]],
    ['another settlement', ledger(), loop({ settlement: 2 }), [['settlement', 1, 2]]],
    ['another loop', ledger({ loopId: feedbackId }), loop(), [['loopId', feedbackId, loopId]]],
    ['a loop that is gone', ledger(), loop({ loop: null }), [['loop', 'opened', null]]],
    ['a loop that the ledger never heard of', ledger({ loop: null }), loop(), [['loop', null, 'opened']]],
    [
      'a loop that has moved on',
      ledger(),
      loop({ loop: { state: 'resolved', version: 4 } }),
      [
        ['loop.state', 'opened', 'resolved'],
        ['loop.version', 1, 4],
      ],
    ],
  ])('then it is told: %s', (_, row, record, differences) => {
    expect(between(row, record)).toEqual(differences);
  });

  it('then what the ledger has no row of is told too', () => {
    expect(differencesOf([], new Map(), [feedbackId])).toEqual([
      { feedbackId, field: 'feedback', ledger: null, loop: 'settled' },
    ]);
  });
});
