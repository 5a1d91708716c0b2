import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decide, type Decision, type Incoming, type Standing } from './acceptance.js';

const now = Date.parse('2026-11-21T12:00:00.000Z');
const hour = 3_600_000;
const standing: Standing = { revision: 3, contentHash: 'c', updatedAt: now - hour };
const tombstone: Standing = { ...standing, contentHash: 'deleted', deletedAt: now - hour };
const earlier =
  (...hashes: string[]) =>
  (hash: string) =>
    hashes.includes(hash);
const incoming = (given: Partial<Incoming>): Incoming => ({ kind: 'updated', contentHash: 'new', ...given });
const result = (decision: Decision) =>
  'standing' in decision ? [decision.result, decision.standing.revision] : decision;

describe('Accepting, row by row', () => {
  it('unknown id: accepted, revision 1', () => {
    expect(result(decide(undefined, earlier(), incoming({ kind: 'created' }), now))).toEqual(['accepted', 1]);
    expect(result(decide(undefined, earlier(), incoming({ kind: 'updated' }), now))).toEqual(['accepted', 1]);
  });

  it("the latest's contentHash: duplicate", () => {
    expect(decide(standing, earlier('c'), incoming({ contentHash: 'c', updatedAt: now - hour }), now)).toEqual({
      result: 'duplicate',
    });
  });

  it("no updatedAt and an earlier revision's contentHash, a late retry: duplicate", () => {
    expect(decide(standing, earlier('a', 'b', 'c'), incoming({ contentHash: 'a' }), now)).toEqual({
      result: 'duplicate',
    });
  });

  it("an earlier revision's contentHash with an updatedAt is no retry: back to what it said before, it is revised", () => {
    const back = incoming({ contentHash: 'a', updatedAt: now });
    expect(result(decide(standing, earlier('a', 'b', 'c'), back, now))).toEqual(['revised', 4]);
  });

  it("updatedAt older than the latest's: stale, a deletion too", () => {
    for (const kind of ['created', 'updated', 'deleted'] as const)
      expect(decide(standing, earlier('c'), incoming({ kind, updatedAt: now - hour - 1 }), now)).toEqual({
        result: 'stale',
      });
  });

  it('an updatedAt stands while later revisions give none', () => {
    const first = decide(standing, earlier('c'), incoming({ contentHash: 'd' }), now);
    expect(first).toMatchObject({ result: 'revised', standing: { revision: 4, updatedAt: now - hour } });
    const second = 'standing' in first ? first.standing : undefined;
    expect(decide(second, earlier('c', 'd'), incoming({ updatedAt: now - 2 * hour }), now)).toEqual({
      result: 'stale',
    });
  });

  it('after a deletion, created or updated without a newer updatedAt: stale, reason deleted', () => {
    for (const kind of ['created', 'updated'] as const) {
      const stale = { result: 'stale', reason: 'deleted' };
      expect(decide(tombstone, earlier(), incoming({ kind }), now)).toEqual(stale);
      expect(decide(tombstone, earlier(), incoming({ kind, updatedAt: now - hour }), now)).toEqual(stale);
      expect(result(decide(tombstone, earlier(), incoming({ kind, updatedAt: now - hour + 1 }), now))).toEqual([
        'revised',
        4,
      ]);
    }
  });

  it('a deletion without a time is as late as its receipt', () => {
    const gone = decide(standing, earlier('c'), incoming({ kind: 'deleted', contentHash: 'gone' }), now);
    const after = 'standing' in gone ? gone.standing : undefined;
    expect(after?.deletedAt).toBe(now);
    expect(decide(after, earlier(), incoming({ updatedAt: now }), now + hour)).toEqual({
      result: 'stale',
      reason: 'deleted',
    });
    expect(result(decide(after, earlier(), incoming({ updatedAt: now + 1 }), now + hour))).toEqual(['revised', 5]);
  });

  it('anything else is revised, an equal updatedAt included', () => {
    expect(result(decide(standing, earlier('c'), incoming({ updatedAt: now - hour }), now))).toEqual(['revised', 4]);
    expect(result(decide(standing, earlier('c'), incoming({ updatedAt: now }), now))).toEqual(['revised', 4]);
    expect(result(decide(standing, earlier('c'), incoming({}), now))).toEqual(['revised', 4]);
  });

  it('kind deleted, id known: revised, a tombstone', () => {
    expect(decide(standing, earlier('c'), incoming({ kind: 'deleted', updatedAt: now }), now)).toMatchObject({
      result: 'revised',
      standing: { revision: 4, deletedAt: now },
    });
  });

  it('kind deleted, id unknown: accepted, revision 1, a tombstone', () => {
    expect(decide(undefined, earlier(), incoming({ kind: 'deleted' }), now)).toMatchObject({
      result: 'accepted',
      standing: { revision: 1, deletedAt: now },
    });
  });

  it('a revision after a deletion is no tombstone any more', () => {
    const decision = decide(tombstone, earlier(), incoming({ updatedAt: now }), now);
    expect('standing' in decision && decision.standing.deletedAt).toBeUndefined();
  });
});

describe('Accepting, any sequence', () => {
  const sequences = fc.array(
    fc.record(
      {
        kind: fc.constantFrom('created', 'updated', 'deleted' as const),
        contentHash: fc.constantFrom('a', 'b', 'c', 'd'),
        updatedAt: fc.integer({ min: 1, max: 5 }),
      },
      { requiredKeys: ['kind', 'contentHash'] },
    ),
    { maxLength: 30 },
  );
  /** As the handler does it: standings and hashes grow with what is accepted. */
  function play(sequence: readonly Incoming[]) {
    let at: Standing | undefined;
    const hashes = new Set<string>();
    const accepted: { incoming: Incoming; standing: Standing }[] = [];
    const results = sequence.map((one) => {
      const decision = decide(at, (hash) => hashes.has(hash), one, 3);
      if ('standing' in decision) {
        at = decision.standing;
        hashes.add(one.contentHash);
        accepted.push({ incoming: one, standing: at });
      }
      return decision.result;
    });
    return { results, accepted, at };
  }

  it('numbers the accepted ones without a gap, and only the first is accepted', () =>
    fc.assert(
      fc.property(sequences, (sequence) => {
        const { results, accepted } = play(sequence);
        expect(accepted.map(({ standing: { revision } }) => revision)).toEqual(accepted.map((_, index) => index + 1));
        expect(results.filter((one) => one === 'accepted')).toHaveLength(Math.min(1, sequence.length));
      }),
    ));

  it('never goes back in updatedAt', () =>
    fc.assert(
      fc.property(sequences, (sequence) => {
        const times = play(sequence).accepted.flatMap(({ incoming: { updatedAt } }) => updatedAt ?? []);
        expect(times).toEqual([...times].sort((a, b) => a - b));
      }),
    ));

  it('a repeat of what was accepted last is a duplicate, whatever came before', () =>
    fc.assert(
      fc.property(sequences, (sequence) => {
        const last = play(sequence).accepted.at(-1);
        if (!last) return;
        expect(play([...sequence, last.incoming]).results.at(-1)).toBe('duplicate');
      }),
    ));

  it('nothing but a newer updatedAt brings a deleted one back', () =>
    fc.assert(
      fc.property(sequences, sequences, (before, after) => {
        const gone: Incoming = { kind: 'deleted', contentHash: 'gone', updatedAt: 5 };
        const { at, accepted } = play([
          ...before,
          gone,
          ...after.map((one) => ({ ...one, contentHash: `${one.contentHash}!` })),
        ]);
        const tombstones = accepted.filter(({ standing: { deletedAt } }) => deletedAt !== undefined);
        expect(tombstones.length).toBeGreaterThan(0);
        expect(at?.deletedAt).toBeDefined();
      }),
    ));
});
