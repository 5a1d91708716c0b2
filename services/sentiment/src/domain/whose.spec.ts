import type { LoopChanged } from '@closeloop/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { maySee, whoseIs } from './whose.js';

type Outcome = NonNullable<LoopChanged['feedback']>['outcome'];
const settled = (feedbackId: string, settlement: number, outcome: Outcome, team?: string) => ({
  ...{ feedbackId, revision: 1, tagRevision: 1, routeRevision: 1, settlement, outcome, ...(team && { team }) },
});
const step = (loopId: string, version: number, team: string, feedback?: LoopChanged['feedback']): LoopChanged => ({
  ...{ loopId, version, change: 'noted', at: '2026-11-21T10:00:00Z', actor: { kind: 'system' } },
  loop: { state: 'opened', cycle: 1, team, priority: 'high' },
  ...(feedback && { feedback }),
});
const noStep = (feedback: NonNullable<LoopChanged['feedback']>): LoopChanged => ({
  ...{ loopId: 'l', version: 0, change: 'settled', at: '2026-11-21T10:00:00Z', actor: { kind: 'system' } },
  ...{ loop: null, feedback },
});

describe('whose feedback is', () => {
  it('given one that opened a loop: whoever has the loop, also after it moved', () => {
    const events = [step('l1', 1, 'support', settled('f1', 1, 'loop', 'support')), step('l1', 2, 'billing')];
    expect(whoseIs(events)).toEqual({
      loops: [{ loopId: 'l1', version: 2, team: 'billing', gains: true }],
      places: [{ feedbackId: 'f1', settlement: 1, loopId: 'l1' }],
    });
  });

  it('given one without a loop: the team of its route; nobody, where it was never routed', () => {
    const events = [noStep(settled('f1', 1, 'no-loop', 'marketing')), noStep(settled('f2', 1, 'withdrawn'))];
    expect(whoseIs(events)).toEqual({
      loops: [],
      places: [
        { feedbackId: 'f1', settlement: 1, team: 'marketing' },
        { feedbackId: 'f2', settlement: 1 },
      ],
    });
  });

  it('given one that is split off: its own loop', () => {
    const events = [
      step('l1', 2, 'support', settled('f2', 1, 'joined', 'support')),
      step('l1', 3, 'support'),
      step('l2', 1, 'support', settled('f2', 2, 'loop', 'support')),
    ];
    expect(whoseIs(events).places).toEqual([{ feedbackId: 'f2', settlement: 2, loopId: 'l2' }]);
  });

  it('given what came too late: nothing, for it says no loop although there may be one', () => {
    expect(whoseIs([noStep(settled('f1', 2, 'superseded', 'support'))])).toEqual({ loops: [], places: [] });
  });

  it('given a step of a loop that took nothing in: it says so', () => {
    expect(whoseIs([step('l1', 7, 'billing')]).loops).toEqual([
      { loopId: 'l1', version: 7, team: 'billing', gains: false },
    ]);
  });

  it('in whatever order and however often they are told: the same', () => {
    const events = [
      ...[1, 2, 3, 4, 5].map((version) => step('l1', version, `team-${version % 3}`)),
      step('l1', 6, 'support', settled('f1', 4, 'joined', 'support')),
      ...[1, 2, 3].map((settlement) => noStep(settled('f1', settlement, 'no-loop', `team-${settlement}`))),
      step('l2', 1, 'support', settled('f2', 1, 'loop', 'support')),
    ];
    const inOrder = ({ loops, places }: ReturnType<typeof whoseIs>) => ({
      loops: loops.toSorted((one, other) => one.loopId.localeCompare(other.loopId)),
      places: places.toSorted((one, other) => one.feedbackId.localeCompare(other.feedbackId)),
    });
    const told = inOrder(whoseIs(events));
    fc.assert(
      fc.property(
        fc.shuffledSubarray([...events, ...events], { minLength: 2 * events.length, maxLength: 2 * events.length }),
        (shuffled) => expect(inOrder(whoseIs(shuffled))).toEqual(told),
      ),
    );
  });
});

describe('who may see the tags of a feedback', () => {
  const agent = { roles: ['agent'], teams: ['support'] };
  it.each([
    [agent, 'support', true],
    [agent, 'billing', false],
    [agent, undefined, false],
    [{ roles: ['agent'], teams: [] }, undefined, false],
    [{ roles: [], teams: ['support'] }, 'support', false],
    [{ roles: ['manager'], teams: [] }, 'support', true],
    [{ roles: ['admin'], teams: [] }, undefined, true],
    [{ roles: ['agent', 'manager'], teams: ['billing'] }, 'support', true],
  ] as const)('given %j, and a feedback of %s: %s', (person, team, may) => {
    expect(maySee(person, team)).toBe(may);
  });
});
