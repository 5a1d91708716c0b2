import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  attached,
  comparisonOf,
  done,
  effectDays,
  ImprovementRefusal,
  improvementStates,
  maxLoops,
  patched,
  toldOf,
  windowsOf,
  type Improvement,
  type ImprovementState,
} from './improvement.js';

const createdAt = new Date('2026-03-02T10:00:00.000Z');
const planned: Improvement = {
  ...{ improvementId: 'i', version: 1, state: 'planned', title: 'Refund again', team: 'product', owner: 'mia' },
  ...{ due: '2026-04-01', action: 'retry', metric: { name: 'csat', filters: { product: ['app'] } } },
  ...{ createdAt, createdBy: 'mia' },
};
const at = new Date('2026-03-20T09:00:00.000Z');
const inState = (state: ImprovementState): Improvement => ({
  ...planned,
  state,
  ...(state === 'done' || state === 'dropped' ? { endedAt: at } : {}),
});

describe('an improvement', () => {
  const tried = {
    begin: (one: Improvement) => patched(one, { state: 'doing' }, at),
    'plan again': (one: Improvement) => patched(one, { state: 'planned' }, at),
    drop: (one: Improvement) => patched(one, { state: 'dropped' }, at),
    rename: (one: Improvement) => patched(one, { title: 'other' }, at),
    attach: (one: Improvement) => attached(one, 1, 1, undefined),
    finish: (one: Improvement) => done(one, 1, 'It is mended.', at),
  };
  const becomes: Record<keyof typeof tried, Partial<Record<ImprovementState, ImprovementState>>> = {
    begin: { planned: 'doing' },
    'plan again': {},
    drop: { planned: 'dropped', doing: 'dropped' },
    rename: { planned: 'planned', doing: 'doing' },
    attach: { planned: 'planned', doing: 'doing' },
    finish: { planned: 'done', doing: 'done' },
  };
  const pairs = Object.keys(tried).flatMap((what) => improvementStates.map((state) => [what, state] as const));

  it.each(pairs)('%s when it is %s', (what, state) => {
    const name = what as keyof typeof tried;
    const to = becomes[name][state];
    const after = tried[name](inState(state));
    if (to === undefined) expect(after).toBeInstanceOf(ImprovementRefusal);
    else expect(after).toMatchObject({ state: to, version: 2 });
  });

  it('that changes nothing is no change', () => {
    expect(patched(planned, { metric: { name: 'csat', filters: { product: ['app'] } } }, at)).toMatchObject({
      reason: 'unchanged',
    });
    expect(attached(planned, 3, 0, undefined)).toMatchObject({ reason: 'unchanged' });
    expect(attached(planned, 3, 0, { topic: 'billing' })).toMatchObject({ version: 2, rule: { topic: 'billing' } });
  });

  it('takes so many loops and no more', () => {
    expect(attached(planned, maxLoops - 1, 1, undefined)).toMatchObject({ version: 2 });
    expect(attached(planned, maxLoops, 1, undefined)).toMatchObject({ reason: 'too-many-loops' });
  });

  it('is done with words for its customers, and without words where it has none', () => {
    expect(done(planned, 2, undefined, at)).toMatchObject({ reason: 'message-missing' });
    expect(done(planned, 2, ' ', at)).toMatchObject({ reason: 'message-missing' });
    expect(done(planned, 0, 'It is mended.', at)).toMatchObject({ reason: 'message-to-nobody' });
    expect(done(planned, 0, undefined, at)).toMatchObject({ state: 'done', startedAt: at, endedAt: at });
    expect(done(planned, 2, ' It is mended. ', at)).toMatchObject({ message: 'It is mended.' });
  });
});

describe('the windows of an effect', () => {
  const dayMs = 86_400_000;
  const moment = fc.date({ min: new Date('2026-01-01'), max: new Date('2026-12-31'), noInvalidDate: true });

  it('are whole days before it began and after it was done, with what came between in neither', () => {
    fc.assert(
      fc.property(moment, fc.nat(90 * dayMs), fc.nat(90 * dayMs), fc.nat(90 * dayMs), (start, work, took, waited) => {
        const startedAt = new Date(start.getTime() + work);
        const endedAt = new Date(startedAt.getTime() + took);
        const now = new Date(endedAt.getTime() + waited);
        const { before, after } = windowsOf({ ...planned, createdAt: start, startedAt, endedAt, state: 'done' }, now);
        for (const { from, to } of after ? [before, after] : [before]) {
          expect(from.getTime() % dayMs).toBe(0);
          expect(to.getTime() % dayMs).toBe(0);
        }
        expect(before.to.getTime()).toBeLessThanOrEqual(startedAt.getTime());
        expect(before.to.getTime() - before.from.getTime()).toBe(effectDays * dayMs);
        if (!after) expect(waited).toBeLessThan(2 * dayMs);
        else {
          expect(after.from.getTime()).toBeGreaterThan(endedAt.getTime());
          expect(after.to.getTime()).toBeLessThanOrEqual(now.getTime());
          expect(after.to.getTime() - after.from.getTime()).toBeLessThanOrEqual(effectDays * dayMs);
        }
      }),
    );
  });

  it('are as long as each other for what grows with the days', () => {
    const one = { ...inState('done'), startedAt: at };
    const { before, after } = windowsOf(one, new Date('2026-03-25T12:00:00.000Z'), true);
    expect([before, after]).toEqual([
      { from: new Date('2026-03-16'), to: new Date('2026-03-20') },
      { from: new Date('2026-03-21'), to: new Date('2026-03-25') },
    ]);
  });

  it('have no after while it is not done', () => {
    expect(windowsOf(planned, at).after).toBeUndefined();
    expect(windowsOf({ ...planned, state: 'doing', startedAt: at }, at).before.to).toEqual(new Date('2026-03-20'));
    expect(windowsOf(inState('dropped'), new Date('2026-06-01')).after).toBeUndefined();
  });

  it('are compared with the other products, else the other places; with nothing where the metric is of everything', () => {
    expect(comparisonOf({ name: 'csat', filters: { location: ['Bern'], product: ['app'] } })).toBe('product');
    expect(comparisonOf({ name: 'csat', filters: { location: ['Bern'] } })).toBe('location');
    expect(comparisonOf({ name: 'csat', filters: { topic: ['billing'], product: [] } })).toBeUndefined();
  });
});

it('who is wanted is told, skipped or waited for; who was told by another loop is not counted twice', () => {
  const counts = fc.dictionary(
    fc.constantFrom('pending', 'sent', 'capped', 'opted-out', 'not-reachable', 'same-customer'),
    fc.nat(1000),
  );
  fc.assert(
    fc.property(counts, (given) => {
      const { wanted, sent, skipped, pending } = toldOf(given);
      const skips = Object.values(skipped).reduce((sum, count) => sum + count, 0);
      expect(wanted).toBe(sent + pending + skips);
      expect(wanted).toBe(
        Object.entries(given).reduce((sum, [name, count]) => sum + (name === 'same-customer' ? 0 : count), 0),
      );
      expect(skipped).not.toHaveProperty('same-customer');
    }),
  );
});
