import type { LoopChanged } from '@closeloop/contracts';
import { describe, expect, it } from '@jest/globals';
import { noteLoops } from './moved-loops.js';

const loopId = '00000000-0000-5000-8000-000000000001';
const feedbackId = '00000000-0000-5000-8000-000000000002';
const at = '2026-11-26T10:00:00.000Z';
const event = (
  version: number,
  change: LoopChanged['change'],
  team: string,
  by: LoopChanged['actor']['kind'] = 'agent',
): LoopChanged => ({
  ...{ loopId, version, change, at, actor: { kind: by, id: 'ann' } },
  loop: { state: 'opened', cycle: 1, team, priority: 'high' },
  ...(change === 'opened' && {
    feedback: {
      ...{ feedbackId, revision: 1, tagRevision: 1, routeRevision: 1, settlement: 1, outcome: 'loop' as const },
    },
  }),
});

describe('noteLoops', () => {
  it('given a loop that a person moves: knows its feedback, and where it went', () => {
    expect(noteLoops([event(1, 'opened', 'triage', 'system'), event(2, 'assigned', 'billing')], [])).toEqual({
      loops: [{ loopId, version: 2, team: 'billing' }],
      members: [{ loopId, feedbackId }],
      moved: [{ loopId, version: 2, team: 'billing', at }],
    });
  });

  it('given one that was moved twice: the last move counts', () => {
    const { moved } = noteLoops(
      [event(4, 'assigned', 'billing'), event(5, 'assigned', 'product')],
      [{ loopId, version: 1, team: 'triage' }],
    );
    expect(moved).toMatchObject([{ version: 5, team: 'product' }]);
  });

  it.each([
    ['the same team, another owner', event(3, 'assigned', 'triage')],
    ['by time, not by a person', event(3, 'escalated', 'support', 'system')],
    ['by a rule, not by a person', event(3, 'assigned', 'support', 'system')],
    ['heard before', event(1, 'assigned', 'billing')],
  ])('given %s: nothing to learn from', (_case, one) => {
    expect(noteLoops([one], [{ loopId, version: 2, team: 'triage' }]).moved).toEqual([]);
  });

  it('given one of which nothing was heard before: where it was is not known, and nothing is learned', () => {
    expect(noteLoops([event(7, 'assigned', 'billing')], []).moved).toEqual([]);
  });

  it('given the same events again: nothing new', () => {
    const events = [event(1, 'opened', 'triage', 'system'), event(2, 'assigned', 'billing')];
    const { loops } = noteLoops(events, []);
    expect(noteLoops(events, loops)).toMatchObject({ loops: [], moved: [] });
  });
});
