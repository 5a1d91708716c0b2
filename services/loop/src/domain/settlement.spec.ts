import { describe, expect, it } from '@jest/globals';
import { loopIdOf, type LoopWish } from '@closeloop/contracts';
import fc from 'fast-check';
import { isClosed, type Loop } from './loop.js';
import { firstBook } from './sla/sla.fixture.js';
import {
  joinableLoop,
  settle,
  topicsOverlap,
  type Arrival,
  type SettledFeedback,
  type Settlement,
} from './settlement.js';

const id = (n: number): string => `00000000-0000-5000-8000-${String(n).padStart(12, '0')}`;
const now = new Date('2026-03-01T12:00:00Z');
const daysAgo = (days: number): Date => new Date(now.getTime() - days * 86_400_000);

const arrival = (n: number, overrides: Partial<Arrival> & { loop?: LoopWish; team?: string } = {}): Arrival => {
  const { loop = 'open', team = 'support', ...rest } = overrides;
  return {
    ...{ feedbackId: id(n), revision: 1, tagRevision: 1, routeRevision: 1, source: 'shop', deleted: false },
    ...{ topics: [], channel: 'review' as const },
    ...{ historic: false, receivedAt: daysAgo(0), route: { team, priority: 'medium', slaPolicy: 'standard', loop } },
    ...rest,
  };
};
const deletion = (n: number, revision: number): Arrival => arrival(n, { revision, deleted: true, route: null });

/** A small world: settles one after the other, as the handler does. */
class World {
  readonly loops = new Map<string, Loop>();
  readonly feedback = new Map<string, SettledFeedback>();
  readonly settled: Settlement[] = [];
  droppedUntil: Date | undefined;

  settle(next: Arrival, at: Date = now): Settlement {
    const settled = settle(
      this.feedback.get(next.feedbackId),
      next,
      {
        get: (loopId) => this.loops.get(loopId),
        droppedUntil: this.droppedUntil,
        of: (customer) => [...this.loops.values()].filter((loop) => loop.customer === customer),
      },
      at,
      firstBook,
    );
    this.feedback.set(next.feedbackId, settled.feedback);
    for (const { loop } of settled.steps) this.loops.set(loop.loopId, loop);
    this.settled.push(settled);
    return settled;
  }
  loop(n: number): Loop {
    return this.loops.get(loopIdOf(id(n)))!;
  }
  set(n: number, state: Loop['state']): void {
    const closedAt = isClosed(state) ? { closedAt: now } : {};
    this.loops.set(this.loop(n).loopId, { ...this.loop(n), state, ...closedAt });
  }
}
const changes = ({ steps }: Settlement): string[] => steps.map(({ event }) => event.change);

describe('given a loop that is gone, when its feedback changes', () => {
  const gone = (receivedAt: Date, droppedUntil?: Date): World => {
    const world = new World();
    world.settle(arrival(1, { receivedAt }));
    world.loops.clear();
    world.droppedUntil = droppedUntil;
    return world;
  };
  it('then it is settled without one, under every wish, and its loop’s id is not used again', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom<LoopWish | 'deleted'>('open', 'join', 'none', 'deleted'), {
          minLength: 1,
          maxLength: 4,
        }),
        (wishes) => {
          const world = gone(daysAgo(900), daysAgo(800));
          for (const [index, wish] of wishes.entries()) {
            const revision = index + 2;
            const next =
              wish === 'deleted' ? deletion(1, revision) : arrival(1, { revision, loop: wish, customer: 'c' });
            expect(world.settle(next)).toMatchObject({
              ...{ outcome: wish === 'deleted' ? 'withdrawn' : 'no-loop', steps: [] },
              feedback: { revision, settlement: revision, place: { loopId: loopIdOf(id(1)), as: 'loop' } },
            });
          }
          expect(world.loops.size).toBe(0);
        },
      ),
    );
  });
  it.each([
    ['nothing was ever dropped', undefined],
    ['it was received after what was dropped', daysAgo(901)],
    ['it was received when what was dropped ended', daysAgo(900)],
  ])('then that is an error: %s', (_when, droppedUntil) => {
    const world = gone(daysAgo(900), droppedUntil);
    expect(() => world.settle(arrival(1, { revision: 2 }))).toThrow('was not looked up');
  });
});

describe('which loop', () => {
  it('open: always a loop of its own', () => {
    const world = new World();
    world.settle(arrival(1, { customer: 'c' }));
    expect(world.settle(arrival(2, { customer: 'c' }))).toMatchObject({
      outcome: 'loop',
      feedback: { place: { loopId: loopIdOf(id(2)), as: 'loop' }, settlement: 1 },
    });
  });
  it('none: no loop, and settled', () => {
    const settled = new World().settle(arrival(1, { loop: 'none' }));
    expect(settled).toMatchObject({ outcome: 'no-loop', steps: [], feedback: { settlement: 1, team: 'support' } });
  });
  it("join: the customer's open loop of that team", () => {
    const world = new World();
    world.settle(arrival(1, { customer: 'c' }));
    const settled = world.settle(arrival(2, { customer: 'c', loop: 'join' }));
    expect(settled).toMatchObject({
      outcome: 'joined',
      feedback: { place: { loopId: loopIdOf(id(1)), as: 'joined' } },
    });
    expect(changes(settled)).toEqual(['joined']);
    expect(world.loop(1)).toMatchObject({ version: 2, feedback: 2, state: 'opened' });
  });
  it.each([
    ['another team', { team: 'billing' }],
    ['another customer', { customer: 'd' }],
    ['a customer whom nobody knows', { customer: undefined }],
  ])('join of %s opens a new one', (_what, overrides) => {
    const world = new World();
    world.settle(arrival(1, { customer: 'c' }));
    expect(world.settle(arrival(2, { customer: 'c', loop: 'join', ...overrides })).outcome).toBe('loop');
  });
  it('two that nobody knows never join', () => {
    const world = new World();
    world.settle(arrival(1, { loop: 'join' }));
    expect(world.settle(arrival(2, { loop: 'join' })).outcome).toBe('loop');
  });
  it('join: a closed loop takes nothing in', () => {
    const world = new World();
    world.settle(arrival(1, { customer: 'c' }));
    world.set(1, 'verified');
    expect(world.settle(arrival(2, { customer: 'c', loop: 'join' })).outcome).toBe('loop');
  });
  it('join: for 7 days, then a new one', () => {
    const world = new World();
    world.settle(arrival(1, { customer: 'c' }), daysAgo(7));
    expect(world.settle(arrival(2, { customer: 'c', loop: 'join' })).outcome).toBe('joined');
    const later = new Date(now.getTime() + 1);
    expect(world.settle(arrival(3, { customer: 'c', loop: 'join' }), later).outcome).toBe('loop');
  });
  it('join: the newest of several', () => {
    const world = new World();
    world.settle(arrival(1, { customer: 'c' }), daysAgo(3));
    world.settle(arrival(2, { customer: 'c' }), daysAgo(1));
    expect(joinableLoop(world.loops.values(), 'support', [], now)?.loopId).toBe(loopIdOf(id(2)));
  });
  it('join: the same customer on another matter gets another loop; both are there for what follows', () => {
    const world = new World();
    world.settle(arrival(1, { customer: 'c', loop: 'join', topics: ['billing/refund'] }));
    const other = world.settle(arrival(2, { customer: 'c', loop: 'join', topics: ['delivery/delay'] }));
    expect(other.outcome).toBe('loop');
    const more = world.settle(arrival(3, { customer: 'c', loop: 'join', topics: ['billing', 'app/crash'] }));
    expect(more).toMatchObject({ outcome: 'joined', feedback: { place: { loopId: loopIdOf(id(1)) } } });
    // what joined widens what the loop is about
    expect(world.loop(1).topics).toEqual(['billing/refund', 'billing', 'app/crash']);
    const crash = world.settle(arrival(4, { customer: 'c', loop: 'join', topics: ['app/crash'] }));
    expect(crash.feedback.place?.loopId).toBe(loopIdOf(id(1)));
  });
  it.each([
    [['billing/refund'], ['billing/refund'], true],
    [['billing/refund'], ['billing/fee'], false],
    [['billing'], ['billing/fee'], true],
    [['billing'], ['billing-address'], false],
    [['app', 'delivery'], ['delivery/delay'], true],
    [[], ['delivery/delay'], true],
    [[], [], true],
  ])('%j and %j overlap: %s', (one, other, overlap) => {
    expect(topicsOverlap(one, other)).toBe(overlap);
    expect(topicsOverlap(other, one)).toBe(overlap);
  });
  it('clocks start at the receipt, by the policy of the route; not for what was imported', () => {
    const world = new World();
    world.settle(arrival(1, { receivedAt: daysAgo(1) }));
    expect(world.loop(1).clocks).toEqual({
      ...{ terms: '1/standard/0/office', startedAt: daysAgo(1), pausedMs: 0, told: 0 },
    });
    world.settle(arrival(2, { historic: true }));
    expect(world.loop(2).clocks).toBeUndefined();
  });
  it('historic feedback does what its route says', () => {
    const world = new World();
    expect(world.settle(arrival(1, { historic: true, loop: 'none' })).outcome).toBe('no-loop');
    expect(world.settle(arrival(2, { historic: true, loop: 'open' })).outcome).toBe('loop');
    expect(world.loop(2).historic).toBe(true);
  });
});

describe('the same words by other rules', () => {
  const rerouted = (over: Parameters<typeof arrival>[1] = {}) =>
    arrival(1, { routeRevision: 2, team: 'billing', ...over });

  it('move a loop that nobody touched, with what is promised, and say so', () => {
    const world = new World();
    world.settle(arrival(1));
    const settled = world.settle(
      rerouted({ route: { team: 'billing', priority: 'critical', slaPolicy: 'urgent', loop: 'open' } }),
    );
    expect(changes(settled)).toEqual(['assigned', 'priority-set']);
    expect(settled).toMatchObject({ outcome: 'loop', feedback: { team: 'billing', routeRevision: 2 } });
    expect(world.loop(1)).toMatchObject({ team: 'billing', home: 'billing', priority: 'critical', touched: false });
    expect(world.loop(1).clocks?.terms).toBe('1/urgent/1/office');
  });
  it('leave a loop that a person touched, and one that is closed', () => {
    const world = new World();
    world.settle(arrival(1));
    const { loopId } = world.loop(1);
    world.loops.set(loopId, { ...world.loop(1), touched: true });
    const settled = world.settle(rerouted());
    expect(changes(settled)).toEqual(['noted']);
    expect(settled.feedback.team).toBe('support');
    world.loops.set(loopId, { ...world.loop(1), touched: false });
    world.set(1, 'verified');
    expect(changes(world.settle(rerouted({ routeRevision: 3 })))).toEqual(['noted']);
  });
  it('do not move a loop by what joined it; may open one where there was none', () => {
    const world = new World();
    world.settle(arrival(1, { customer: 'c' }));
    world.settle(arrival(2, { customer: 'c', loop: 'join' }));
    const joined = world.settle(arrival(2, { customer: 'c', team: 'billing', routeRevision: 2 }));
    expect([changes(joined), world.loop(1).team]).toEqual([['noted'], 'support']);
    world.settle(arrival(3, { loop: 'none' }));
    expect(world.settle(arrival(3, { routeRevision: 2, loop: 'open' })).outcome).toBe('loop');
  });
  it('that come late are superseded', () => {
    const world = new World();
    world.settle(arrival(1));
    world.settle(rerouted({ routeRevision: 3 }));
    expect(world.settle(rerouted({ routeRevision: 2, team: 'product' })).outcome).toBe('superseded');
    expect(world.loop(1).team).toBe('billing');
  });
});

describe('a later revision', () => {
  it('reaches the open loop, whose team it does not move', () => {
    const world = new World();
    world.settle(arrival(1));
    const settled = world.settle(arrival(1, { revision: 2, team: 'billing', loop: 'none' }));
    expect(changes(settled)).toEqual(['revised']);
    expect(settled).toMatchObject({ outcome: 'loop', feedback: { settlement: 2, team: 'support' } });
    expect(world.loop(1)).toMatchObject({ team: 'support', version: 2, state: 'opened' });
  });
  it('of the tags alone is told by the system: the customer has said nothing new', () => {
    const world = new World();
    world.settle(arrival(1));
    const told = (over: Parameters<typeof arrival>[1]) => world.settle(arrival(1, over)).steps[0]!.event;
    expect(told({ tagRevision: 2 })).toMatchObject({ change: 'revised', actor: { kind: 'system' } });
    expect(told({ revision: 2 })).toMatchObject({ change: 'revised', actor: { kind: 'source', id: 'shop' } });
  });

  it('does not retake the decision to join', () => {
    const world = new World();
    world.settle(arrival(1, { customer: 'c' }));
    world.settle(arrival(2, { customer: 'c', loop: 'join' }));
    const settled = world.settle(arrival(2, { customer: 'c', revision: 2, loop: 'open' }));
    expect(settled).toMatchObject({ outcome: 'joined', feedback: { place: { loopId: loopIdOf(id(1)) } } });
  });
  it('may open the loop that an earlier one needed not: five stars become one', () => {
    const world = new World();
    world.settle(arrival(1, { loop: 'none', rating: 1 }));
    expect(world.settle(arrival(1, { revision: 2, loop: 'open', rating: 0.2 }))).toMatchObject({
      outcome: 'loop',
      feedback: { settlement: 2 },
    });
  });
  it.each([
    ['responded', 0.2, 1, ['revised', 'confirmed'], 'verified'],
    ['resolved', 0.2, 1, ['revised', 'confirmed'], 'verified'],
    ['resolved', 0.8, 0.2, ['revised', 'objected'], 'reopened'],
    ['opened', 0.2, 1, ['revised'], 'opened'],
    ['opened', 0.8, 0.2, ['revised'], 'opened'],
    ['resolved', 0.8, 0.8, ['revised'], 'resolved'],
    ['resolved', undefined, 0.8, ['revised'], 'resolved'],
    ['resolved', 0.8, undefined, ['revised'], 'resolved'],
    ['closed-unverified', 0.2, 1, ['confirmed'], 'verified'],
    ['closed-unverified', 0.8, 0.2, ['objected'], 'reopened'],
    ['verified', 0.8, 0.2, ['objected'], 'reopened'],
    ['verified', 0.2, 1, ['noted'], 'verified'],
    ['dismissed', 0.2, 1, ['noted'], 'dismissed'],
    ['dismissed', 0.8, 0.2, ['noted'], 'dismissed'],
    ['verified', undefined, undefined, ['noted'], 'verified'],
  ] as const)('in %s, rating %s to %s: %j, then %s', (state, from, to, expected, after) => {
    const world = new World();
    world.settle(arrival(1, { ...(from !== undefined && { rating: from }) }));
    world.set(1, state);
    const settled = world.settle(arrival(1, { revision: 2, ...(to !== undefined && { rating: to }) }));
    expect(changes(settled)).toEqual(expected);
    expect(world.loop(1).state).toBe(after);
    expect(settled.outcome).toBe('loop');
  });
});

describe('an earlier revision that comes late', () => {
  it.each([
    ['revision', { revision: 1, tagRevision: 9, routeRevision: 9 }],
    ['tags', { revision: 2, tagRevision: 1, routeRevision: 9 }],
    ['route', { revision: 2, tagRevision: 2, routeRevision: 1 }],
  ])('(lower %s) is superseded: counted, and nothing else changes', (_what, position) => {
    const world = new World();
    world.settle(arrival(1, { revision: 2, tagRevision: 2, routeRevision: 2, rating: 0.4 }));
    const before = world.feedback.get(id(1))!;
    const settled = world.settle(arrival(1, { ...position, rating: 1 }));
    expect(settled).toEqual({ outcome: 'superseded', feedback: { ...before, settlement: 2 }, steps: [] });
  });
});

describe('a deletion', () => {
  it('that comes first is a tombstone and opens nothing', () => {
    const settled = new World().settle(deletion(1, 1));
    expect(settled).toMatchObject({ outcome: 'withdrawn', steps: [], feedback: { settlement: 1 } });
  });
  it('of feedback without a loop', () => {
    const world = new World();
    world.settle(arrival(1, { loop: 'none' }));
    expect(world.settle(deletion(1, 2))).toMatchObject({
      outcome: 'withdrawn',
      steps: [],
      feedback: { team: 'support' },
    });
  });
  it('withdraws the loop that has no other feedback', () => {
    const world = new World();
    world.settle(arrival(1));
    expect(changes(world.settle(deletion(1, 2)))).toEqual(['withdrawn']);
    expect(world.loop(1)).toMatchObject({ state: 'withdrawn', feedback: 0 });
  });
  it('is noted while others are in the loop; the last one withdraws it', () => {
    const world = new World();
    world.settle(arrival(1, { customer: 'c' }));
    world.settle(arrival(2, { customer: 'c', loop: 'join' }));
    const first = world.settle(deletion(1, 2));
    expect(changes(first)).toEqual(['noted']);
    expect(first.outcome).toBe('withdrawn');
    expect(world.loop(1)).toMatchObject({ state: 'opened', feedback: 1 });
    expect(changes(world.settle(deletion(2, 2)))).toEqual(['withdrawn']);
    expect(world.loop(1).state).toBe('withdrawn');
  });
  it('of a closed loop is noted', () => {
    const world = new World();
    world.settle(arrival(1));
    world.set(1, 'verified');
    const settled = world.settle(deletion(1, 2));
    expect(changes(settled)).toEqual(['noted']);
    expect(settled.outcome).toBe('withdrawn');
    expect(world.loop(1).state).toBe('verified');
  });
  it('twice is counted out once', () => {
    const world = new World();
    world.settle(arrival(1, { customer: 'c' }));
    world.settle(arrival(2, { customer: 'c', loop: 'join' }));
    world.settle(deletion(1, 2));
    expect(changes(world.settle(deletion(1, 3)))).toEqual(['noted']);
    expect(world.loop(1)).toMatchObject({ feedback: 1, state: 'opened' });
  });
  it('that is taken back returns to its loop: withdrawn stays withdrawn', () => {
    const world = new World();
    world.settle(arrival(1));
    world.settle(deletion(1, 2));
    const settled = world.settle(arrival(1, { revision: 3 }));
    expect(changes(settled)).toEqual(['noted']);
    expect(settled.outcome).toBe('loop');
    expect(world.loop(1)).toMatchObject({ state: 'withdrawn', feedback: 1 });
  });
  it('that is taken back may open a loop where it never had one', () => {
    const world = new World();
    world.settle(deletion(1, 1));
    expect(world.settle(arrival(1, { revision: 2 })).outcome).toBe('loop');
  });
});

describe('any stream of revisions, in any order', () => {
  const stream = fc.array(
    fc.record({
      n: fc.integer({ min: 1, max: 5 }),
      revision: fc.integer({ min: 1, max: 4 }),
      tagRevision: fc.integer({ min: 1, max: 2 }),
      deleted: fc.boolean(),
      loop: fc.constantFrom<LoopWish>('open', 'join', 'none'),
      customer: fc.constantFrom('c', 'd', undefined),
      rating: fc.constantFrom(0.2, 0.6, 1, undefined),
      state: fc.option(fc.constantFrom<Loop['state']>('responded', 'resolved', 'dismissed'), { nil: undefined }),
    }),
    { maxLength: 40 },
  );
  it('ends at the highest position, counts without a gap, and a loop counts the feedback that is alive in it', () => {
    fc.assert(
      fc.property(stream, (arrivals) => {
        const world = new World();
        const keys = new Set<string>();
        for (const { n, deleted, state, customer, rating, loop, ...position } of arrivals) {
          const key = JSON.stringify([n, position.revision, position.tagRevision]);
          if (keys.has(key)) continue;
          keys.add(key);
          const place = world.feedback.get(id(n))?.place;
          const settlement = world.feedback.get(id(n))?.settlement ?? 0;
          const settled = world.settle(
            deleted
              ? { ...deletion(n, position.revision), ...position }
              : arrival(n, {
                  ...{ ...position, loop },
                  ...(customer !== undefined && { customer }),
                  ...(rating !== undefined && { rating }),
                }),
          );
          expect(settled.feedback.settlement).toBe(settlement + 1);
          if (place) expect(settled.feedback.place).toEqual(place);
          if (settled.outcome === 'superseded') expect(settled.steps).toEqual([]);
          else expect(settled.feedback.revision).toBe(position.revision);
          const touched = settled.steps[0]?.loop;
          if (touched && state && !isClosed(touched.state)) {
            const loopNow = world.loops.get(touched.loopId)!;
            if (!isClosed(loopNow.state)) world.loops.set(touched.loopId, { ...loopNow, state });
          }
        }
        for (const loop of world.loops.values()) {
          const alive = [...world.feedback.values()].filter(
            ({ place, outcome }) => place?.loopId === loop.loopId && outcome !== 'withdrawn',
          );
          expect(loop.feedback).toBe(alive.length);
        }
        for (const [feedbackId, { revision, tagRevision }] of world.feedback) {
          const mine = [...keys]
            .map((key) => JSON.parse(key) as [number, number, number])
            .filter(([n]) => id(n) === feedbackId)
            .map(([, ...rest]) => rest)
            .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
          expect([revision, tagRevision]).toEqual(mine.at(-1));
        }
      }),
      { numRuns: 500 },
    );
  });
});
