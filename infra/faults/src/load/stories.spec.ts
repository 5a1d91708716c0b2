import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Random } from '../random.js';
import { type Step } from './step.js';
import { stories, type StoriesOptions } from './stories.js';

const told = (seed: number, count: number, options: Partial<StoriesOptions> = {}): Step[] => {
  const given = { random: new Random(seed), source: 'web', prefix: 'r0', poison: true, via: 'http' as const };
  const steps = stories({ ...given, ...options });
  return Array.from({ length: count }, () => steps.next().value);
};

const idsOf = (steps: readonly Step[]): Set<string | undefined> => new Set(steps.map(({ notes }) => notes.feedbackId));

describe('stories', () => {
  it('are the same for the same seed, and others for another', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        expect(told(seed, 100)).toEqual(told(seed, 100));
        expect(told(seed, 100)).not.toEqual(told(seed + 1, 100));
      }),
      { numRuns: 20 },
    );
  });

  it('have ids of their own for each prefix and source', () => {
    const first = idsOf(told(1, 200));
    expect([...idsOf(told(1, 200, { prefix: 'r1' }))].filter((id) => first.has(id))).toEqual([]);
    expect([...idsOf(told(1, 200, { source: 'shop' }))].filter((id) => first.has(id))).toEqual([]);
  });

  it('have everything in them: the same three times, older revisions after newer ones, deletions before and after, poison', () => {
    const steps = told(7, 3_000);
    const byId = new Map<string, Step[]>();
    for (const step of steps) {
      const id = step.notes.feedbackId!;
      byId.set(id, [...(byId.get(id) ?? []), step]);
    }
    const some = (holds: (own: readonly Step[]) => boolean): boolean => [...byId.values()].some(holds);
    const kinds = (own: readonly Step[]): string => own.map(({ notes: { kind } }) => kind).join();
    expect(some((own) => own.length === 3 && new Set(own.map(({ body }) => body)).size === 1)).toBe(true);
    expect(some((own) => (own[0]!.notes.updatedAt ?? '') > (own[1]?.notes.updatedAt ?? '~'))).toBe(true);
    expect(some((own) => kinds(own) === 'created,deleted')).toBe(true);
    expect(some((own) => kinds(own) === 'deleted,created')).toBe(true);
    expect(some((own) => own.some(({ idempotencyKey }) => idempotencyKey !== undefined))).toBe(true);
    const poison = steps.filter(({ notes: { kind } }) => kind === 'poison').length;
    expect(poison / steps.length).toBeGreaterThan(0.01);
    expect(told(7, 3_000, { poison: false }).filter(({ notes: { kind } }) => kind === 'poison')).toEqual([]);
  });

  it('give every deletion over Kafka a time, so that the log alone says what is to come of it', () => {
    const deletions = told(3, 3_000, { via: 'kafka' }).filter(({ notes: { kind } }) => kind === 'deleted');
    expect(deletions.length).toBeGreaterThan(0);
    expect(deletions.every(({ notes: { updatedAt } }) => updatedAt !== undefined)).toBe(true);
  });
});
