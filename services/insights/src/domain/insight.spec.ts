import { describe, expect, it } from '@jest/globals';
import { insightStates, maxEvidence, type InsightState } from '@closeloop/contracts';
import fc from 'fast-check';
import {
  changedData,
  decideInsight,
  evolveInsight,
  InsightRefusal,
  isAnswered,
  raisedData,
  together,
  type Insight,
  type InsightCommand,
  type InsightCommandType,
} from './insight.js';

const at = new Date('2026-03-02T10:00:00.000Z');
const later = new Date('2026-03-03T10:00:00.000Z');
const actor = { kind: 'agent', id: 'ann' } as const;
const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

const raise: InsightCommand = {
  ...{ type: 'raise', at, actor, insightId: id(1), title: 'Refunds fail', claim: 'On Android the third one fails.' },
  ...{ about: { topic: 'billing/refund', product: 'app' }, team: 'product' },
  ...{ evidence: { loopIds: [id(2)], feedbackIds: [] }, raisedBy: { ...actor, team: 'support' } },
};
/** What a command makes of an insight; throws where it is refused. */
function after(before: Insight | undefined, command: InsightCommand): Insight {
  const event = decideInsight(before, command);
  if (event instanceof InsightRefusal) throw new Error(event.reason);
  return evolveInsight(before, event);
}
const raised = after(undefined, raise);
const by = { at: later, actor };
const accept: InsightCommand = { ...by, type: 'accept', note: 'we look into it' };
const improve: InsightCommand = { ...by, type: 'improve', improvementId: id(7) };
const commands: Record<InsightCommandType, InsightCommand> = {
  ...{ raise, accept, improve },
  decline: { ...by, type: 'decline', reason: 'it is mended' },
  merge: { ...by, type: 'merge', into: id(9) },
  'add-evidence': { ...by, type: 'add-evidence', evidence: { loopIds: [id(3)], feedbackIds: [id(4)], since: at } },
  assign: { ...by, type: 'assign', team: 'billing' },
  finish: { ...by, type: 'finish' },
  drop: { ...by, type: 'drop' },
};
const inState: Record<InsightState, Insight> = {
  raised,
  accepted: after(raised, accept),
  merged: after(raised, commands.merge),
  declined: after(raised, commands.decline),
  improving: after(raised, improve),
  improved: after(after(raised, improve), commands.finish),
};

describe('an insight', () => {
  const becomes: Record<Exclude<InsightCommandType, 'raise'>, Partial<Record<InsightState, InsightState>>> = {
    accept: { raised: 'accepted' },
    decline: { raised: 'declined', accepted: 'declined' },
    merge: { raised: 'merged', accepted: 'merged' },
    improve: { raised: 'improving', accepted: 'improving' },
    assign: { raised: 'raised', accepted: 'accepted' },
    'add-evidence': { raised: 'raised', accepted: 'accepted', improving: 'improving', improved: 'improved' },
    finish: { improving: 'improved' },
    drop: { improving: 'accepted' },
  };
  const pairs = Object.keys(becomes).flatMap((type) => insightStates.map((state) => [type, state] as const));

  it.each(pairs)('%s when it is %s', (type, state) => {
    const before = inState[state];
    expect(before.state).toBe(state);
    const to = becomes[type as keyof typeof becomes][state];
    const decided = decideInsight(before, commands[type as InsightCommandType]);
    if (to === undefined) {
      expect(decided).toMatchObject({ reason: 'not-from-this-state' });
    } else {
      expect(decided).not.toBeInstanceOf(InsightRefusal);
      const next = after(before, commands[type as InsightCommandType]);
      expect(next).toMatchObject({ state: to, version: before.version + 1 });
    }
  });

  it('is raised once, from something', () => {
    expect(decideInsight(raised, raise)).toMatchObject({ reason: 'already-raised' });
    expect(decideInsight(undefined, accept)).toMatchObject({ reason: 'not-raised' });
    const of = (loops: number) =>
      decideInsight(undefined, {
        ...raise,
        ...{ type: 'raise', evidence: { loopIds: Array.from({ length: loops }, (_, n) => id(n)), feedbackIds: [] } },
      });
    expect(of(0)).toMatchObject({ reason: 'without-evidence' });
    expect(of(maxEvidence)).toMatchObject({ change: 'raised' });
    expect(of(maxEvidence + 1)).toMatchObject({ reason: 'too-much-evidence' });
  });

  it('is answered by people', () => {
    for (const command of Object.values(commands)) {
      if (command.type === 'raise') continue;
      const bySystem = { ...command, actor: { kind: 'system', id: 'emerging' } as const };
      for (const insight of Object.values(inState)) {
        expect(decideInsight(insight, bySystem)).toMatchObject({ reason: 'not-by-this-actor' });
      }
    }
  });

  it('needs a reason to be declined, another team to be given to, and another insight to be merged into', () => {
    expect(decideInsight(raised, { ...by, type: 'decline', reason: ' \n' })).toMatchObject({
      reason: 'reason-missing',
    });
    expect(decideInsight(raised, { ...by, type: 'assign', team: 'product' })).toMatchObject({ reason: 'unchanged' });
    expect(decideInsight(raised, { ...by, type: 'merge', into: raised.insightId })).toMatchObject({
      reason: 'into-itself',
    });
  });

  it('keeps when it was first answered, and forgets an improvement that is dropped', () => {
    expect(insightStates.filter((state) => !isAnswered(inState[state]))).toEqual(['raised']);
    const improving = after(inState.accepted, { ...improve, at: new Date('2026-04-01T00:00:00.000Z') });
    expect(improving.answeredAt).toEqual(later);
    expect(improving).toMatchObject({ improvementId: id(7), improvingAt: new Date('2026-04-01T00:00:00.000Z') });
    const dropped = after(improving, commands.drop);
    expect(dropped).not.toHaveProperty('improvementId');
    expect(dropped).not.toHaveProperty('improvingAt');
  });

  it('has a history of which no event can be left out', () => {
    const event = decideInsight(inState.accepted, improve);
    expect(() => evolveInsight(raised, event as Exclude<typeof event, InsightRefusal>)).toThrow('does not follow');
  });

  it('is told to the world with what it rests on, and what became of it with the reason', () => {
    expect(raisedData(raised)).toEqual({
      ...{ insightId: id(1), at: at.toISOString(), title: raised.title, claim: raised.claim, about: raised.about },
      ...{ raisedBy: { kind: 'agent', id: 'ann', team: 'support' }, team: 'product' },
      evidence: { loopIds: [id(2)], feedbackIds: [], loops: 1, feedback: 0 },
    });
    const event = decideInsight(raised, commands.decline);
    if (event instanceof InsightRefusal || event.change === 'raised') throw new Error('it can be declined');
    expect(changedData(inState.declined, event)).toEqual({
      ...{ insightId: id(1), version: 2, change: 'declined', at: later.toISOString(), actor, state: 'declined' },
      ...{ title: raised.title, team: 'product', raisedBy: { kind: 'agent', id: 'ann', team: 'support' } },
      reason: 'it is mended',
    });
  });
});

it('two claims together rest on each loop once, in any grouping, and on the earliest', () => {
  const ids = fc.uniqueArray(fc.integer({ min: 0, max: 300 }).map(id), { maxLength: 120 });
  const evidence = fc.record(
    { loopIds: ids, feedbackIds: ids, since: fc.date({ min: at, max: later, noInvalidDate: true }) },
    { requiredKeys: ['loopIds', 'feedbackIds'] },
  );
  fc.assert(
    fc.property(evidence, evidence, (one, other) => {
      const both = together(one, other);
      expect(new Set(both.loopIds).size).toBe(both.loopIds.length);
      expect(both.loopIds.length).toBe(Math.min(maxEvidence, new Set([...one.loopIds, ...other.loopIds]).size));
      expect(both.loopIds.slice(0, one.loopIds.length)).toEqual(one.loopIds);
      const times = [one.since, other.since].flatMap((since) => since?.getTime() ?? []);
      expect(both.since?.getTime()).toBe(times.length > 0 ? Math.min(...times) : undefined);
    }),
  );
});
