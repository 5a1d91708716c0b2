import { describe, expect, it } from '@jest/globals';
import { loopIdOf, loopStates, type ActorKind, type LoopState } from '@closeloop/contracts';
import fc from 'fast-check';
import { firstSettings } from '../infrastructure/migrations/first-sla-settings.js';
import { readings } from './sla/clocks.js';
import { bookOf, firstBook } from './sla/sla.fixture.js';
import {
  decide,
  evolve,
  isClosed,
  isStaleDraft,
  Refusal,
  replay,
  type CommandType,
  type Loop,
  type LoopCommand,
  type LoopEvent,
} from './loop.js';

const opener = 'a2d7c3f4-0000-5000-8000-000000000001';
const other = 'a2d7c3f4-0000-5000-8000-000000000002';
const loopId = loopIdOf(opener);
const day = 86_400_000;
const start = Date.parse('2026-01-01T00:00:00Z');
const at = (days: number): Date => new Date(start + days * day);

/** A command of a type, as its rightful giver gives it. */
const command = (type: CommandType, overrides: object = {}): LoopCommand => {
  const by: Partial<Record<CommandType, ActorKind>> = {
    open: 'source',
    withdraw: 'source',
    revise: 'source',
    join: 'source',
    note: 'source',
    confirm: 'customer',
    object: 'customer',
    expire: 'system',
    'keep-time': 'system',
    'reply-sent': 'system',
    'reply-failed': 'system',
  };
  const kind = by[type] ?? 'agent';
  const fields: Partial<Record<CommandType, object>> = {
    open: {
      ...{ loopId, feedback: { feedbackId: opener, revision: 1 }, team: 'support', priority: 'medium' },
      ...{ slaPolicy: 'standard', historic: false, receivedAt: at(0) },
    },
    respond: { text: 'We are sorry.', channel: 'review' },
    confirm: { evidence: 'survey' },
    object: { evidence: 'reply' },
    resolve: { window: 7 * day },
    reopen: { reason: 'it came back' },
    dismiss: { reason: 'spam' },
    withdraw: { feedback: { feedbackId: opener, revision: 2 } },
    revise: { feedback: { feedbackId: opener, revision: 2 } },
    join: { feedback: { feedbackId: other, revision: 1 } },
    note: { feedback: { feedbackId: opener, revision: 2 } },
    split: { feedback: { feedbackId: other, revision: 1 } },
    assign: { owner: 'ben' },
    'set-priority': { priority: 'critical' },
    'set-terms': { terms: firstBook.active.refFor({ slaPolicy: 'relaxed', priority: 'low', team: 'support' }) },
    'reply-sent': { replyId: other },
    'reply-failed': { replyId: other, answer: { cycle: 1, standing: {} } },
  };
  return { type, at: at(30), actor: { kind, id: 'ann' }, ...fields[type], ...overrides } as LoopCommand;
};

/** What is seeded, and a chain of three for the team. */
const firstChained = bookOf({
  ...firstSettings,
  teams: [
    {
      team: 'support',
      chain: [
        { after: 'PT0S', owner: 'lena' },
        { after: 'PT8H', owner: 'mia' },
        { after: 'PT24H', team: 'quality' },
      ],
    },
  ],
});
const decideOn = (loop: Loop | undefined, next: LoopCommand) => decide(loop, next, loop && firstBook.termsOf(loop));
const given = (...commands: LoopCommand[]): Loop | undefined =>
  commands.reduce<Loop | undefined>((loop, next) => {
    const decided = decideOn(loop, next);
    if (decided instanceof Refusal) throw new Error(`given: ${decided.message}`);
    return decided.reduce<Loop | undefined>(evolve, loop);
  }, undefined);

const ways: Record<LoopState, CommandType[]> = {
  opened: ['open'],
  acknowledged: ['open', 'acknowledge'],
  responded: ['open', 'respond'],
  resolved: ['open', 'respond', 'resolve'],
  verified: ['open', 'respond', 'resolve', 'confirm'],
  'closed-unverified': ['open', 'respond', 'resolve', 'expire'],
  reopened: ['open', 'respond', 'resolve', 'object'],
  dismissed: ['open', 'dismiss'],
  withdrawn: ['open', 'withdraw'],
};
/** A loop in a state, with one more feedback in it where `of` asks for it. */
const loopIn = (state: LoopState, { joined = false, waiting = false } = {}): Loop => {
  const [first, ...rest] = ways[state].map((type, index) => command(type, { at: at(type === 'expire' ? 20 : index) }));
  const loop = given(first!, ...(joined && state !== 'withdrawn' ? [command('join', { at: at(0) })] : []), ...rest);
  return waiting ? given2(loop!, command('wait', { at: at(10) })) : loop!;
};
const given2 = (loop: Loop, next: LoopCommand): Loop => {
  const decided = decideOn(loop, next);
  if (decided instanceof Refusal) throw new Error(decided.message);
  return decided.reduce<Loop | undefined>(evolve, loop)!;
};

/** The table of the domain, by hand: what each command makes of each state; no entry: refused. */
const table: Record<Exclude<CommandType, 'open' | 'keep-time'>, Partial<Record<LoopState, LoopState>>> = {
  acknowledge: { opened: 'acknowledged', reopened: 'acknowledged' },
  respond: { opened: 'responded', reopened: 'responded', acknowledged: 'responded', responded: 'responded' },
  wait: { acknowledged: 'acknowledged', responded: 'responded' },
  resume: { acknowledged: 'acknowledged', responded: 'responded' },
  resolve: { acknowledged: 'resolved', responded: 'resolved' },
  confirm: { responded: 'verified', resolved: 'verified', 'closed-unverified': 'verified' },
  object: { resolved: 'reopened', 'closed-unverified': 'reopened', verified: 'reopened' },
  expire: { resolved: 'closed-unverified' },
  reopen: { resolved: 'reopened', verified: 'reopened', 'closed-unverified': 'reopened', dismissed: 'reopened' },
  dismiss: { opened: 'dismissed', reopened: 'dismissed', acknowledged: 'dismissed' },
  withdraw: {
    ...{ opened: 'withdrawn', reopened: 'withdrawn', acknowledged: 'withdrawn', responded: 'withdrawn' },
    ...{ resolved: 'withdrawn' },
  },
  ...(Object.fromEntries(
    (['revise', 'join', 'split', 'assign', 'escalate', 'set-priority', 'set-terms'] as const).map((type) => [
      type,
      {
        ...{ opened: 'opened', reopened: 'reopened', acknowledged: 'acknowledged', responded: 'responded' },
        ...{ resolved: 'resolved' },
      },
    ]),
  ) as Record<
    'revise' | 'join' | 'split' | 'assign' | 'escalate' | 'set-priority' | 'set-terms',
    Partial<Record<LoopState, LoopState>>
  >),
  note: Object.fromEntries(loopStates.map((state) => [state, state])),
  'reply-sent': Object.fromEntries(loopStates.map((state) => [state, state])),
  'reply-failed': {
    ...Object.fromEntries(loopStates.map((state) => [state, state])),
    responded: 'acknowledged',
  },
};
const commandTypes = Object.keys(table) as Exclude<CommandType, 'open' | 'keep-time'>[];

describe('every pair of state and command', () => {
  const pairs = loopStates.flatMap((state) => commandTypes.map((type) => [state, type, table[type][state]] as const));
  it.each(pairs)('%s, %s → %s', (state, type, to) => {
    const loop = loopIn(state, { joined: type === 'split', waiting: type === 'resume' && to !== undefined });
    const decided = decide(loop, command(type));
    if (to === undefined) {
      expect(decided).toBeInstanceOf(Refusal);
      expect(decided).toMatchObject({ reason: 'not-from-this-state' });
      expect((decided as Refusal).message).toContain(state);
      return;
    }
    if (decided instanceof Refusal) throw new Error(decided.message);
    const after = decided.reduce<Loop | undefined>(evolve, loop);
    expect(after?.state).toBe(to);
    expect(after?.version).toBe(loop.version + decided.length);
  });

  it.each(commandTypes)('%s before the loop is open is refused', (type) => {
    expect(decide(undefined, command(type))).toMatchObject({ reason: 'not-opened' });
  });
  it.each(loopStates)('%s, open → refused', (state) => {
    expect(decide(loopIn(state), command('open'))).toMatchObject({ reason: 'already-opened' });
  });
});

describe('who may', () => {
  const mayBy: Record<Exclude<CommandType, 'open' | 'keep-time'>, ActorKind[]> = {
    acknowledge: ['agent'],
    respond: ['agent'],
    wait: ['agent'],
    resume: ['agent', 'customer'],
    resolve: ['agent'],
    confirm: ['customer'],
    object: ['customer'],
    expire: ['system'],
    reopen: ['agent'],
    dismiss: ['agent'],
    withdraw: ['source'],
    revise: ['source', 'system'],
    join: ['source'],
    split: ['agent'],
    assign: ['agent', 'system'],
    escalate: ['agent', 'system'],
    'set-priority': ['agent', 'system'],
    'set-terms': ['agent', 'system'],
    note: ['source', 'system'],
    'reply-sent': ['system'],
    'reply-failed': ['system'],
  };
  const kinds: ActorKind[] = ['system', 'agent', 'customer', 'source'];
  it.each(commandTypes.flatMap((type) => kinds.map((kind) => [type, kind, mayBy[type].includes(kind)] as const)))(
    '%s by %s: %s',
    (type, kind, may) => {
      const state = Object.keys(table[type])[0] as LoopState;
      const loop = loopIn(state, { joined: type === 'split', waiting: type === 'resume' });
      const decided = decide(loop, command(type, { actor: { kind, id: 'x' } }));
      if (may) expect(decided).not.toBeInstanceOf(Refusal);
      else expect(decided).toMatchObject({ reason: 'not-by-this-actor' });
    },
  );
});

describe('what a transition means', () => {
  it('acknowledging gives the loop an owner', () => {
    expect(given(command('open'), command('acknowledge'))?.owner).toBe('ann');
  });
  it('an answer to an opened loop acknowledges it too, in the same breath', () => {
    const decided = decide(loopIn('opened'), command('respond'));
    expect(decided).toMatchObject([
      { change: 'acknowledged', version: 2, owner: 'ann' },
      { change: 'responded', version: 3, channel: 'review' },
    ]);
  });
  it('an answer by a colleague does not take the loop from its owner', () => {
    const loop = given2(loopIn('acknowledged'), command('respond', { actor: { kind: 'agent', id: 'ben' } }));
    expect(loop.owner).toBe('ann');
  });
  it('an objection starts the next cycle one level up, and nobody owns it; the first answer keeps its time', () => {
    const resolved = loopIn('resolved');
    const loop = given2(resolved, command('object'));
    expect(loop).toMatchObject({ state: 'reopened', cycle: 2, level: 1 });
    expect(loop.owner).toBeUndefined();
    expect(loop.resolvedAt).toBeUndefined();
    expect(loop.firstRespondedAt).toEqual(resolved.firstRespondedAt);
  });
  it('an agent who reopens starts the next cycle on the same level', () => {
    expect(given2(loopIn('dismissed'), command('reopen'))).toMatchObject({ cycle: 2, level: 0 });
  });
  it('an objection to a verified loop takes its closing back', () => {
    expect(given2(loopIn('verified'), command('object')).closedAt).toBeUndefined();
  });
  it.each(['reopen', 'dismiss'] as const)('%s without a reason is refused', (type) => {
    const loop = loopIn(type === 'reopen' ? 'verified' : 'opened');
    expect(decide(loop, command(type, { reason: ' ' }))).toMatchObject({ reason: 'reason-missing' });
  });
  it('an answer without a text is refused', () => {
    expect(decide(loopIn('acknowledged'), command('respond', { text: '\n' }))).toMatchObject({
      reason: 'text-missing',
    });
  });
  it('nobody without an id owns a loop', () => {
    for (const type of ['acknowledge', 'respond'] as const) {
      const decided = decide(loopIn('opened'), command(type, { actor: { kind: 'agent' } }));
      expect(decided).toMatchObject({ reason: 'actor-unknown' });
    }
  });
  it('does not expire while the customer may still answer', () => {
    const loop = loopIn('resolved');
    const over = loop.resolvedAt!.getTime() + 7 * day;
    expect(decide(loop, command('expire', { at: new Date(over - 1) }))).toMatchObject({ reason: 'window-open' });
    expect(decide(loop, command('expire', { at: new Date(over) }))).toMatchObject([
      { change: 'expired', dueAt: new Date(over) },
    ]);
  });
  it('keeps until when the customer may answer, in resolved alone', () => {
    const loop = loopIn('resolved');
    expect(loop.expiresAt).toEqual(new Date(loop.resolvedAt!.getTime() + 7 * day));
    for (const type of ['confirm', 'object', 'reopen', 'withdraw', 'expire'] as const) {
      expect(given2(loop, command(type)).expiresAt).toBeUndefined();
    }
    for (const type of ['revise', 'join', 'assign', 'escalate', 'set-priority', 'note'] as const) {
      expect(given2(loop, command(type)).expiresAt).toEqual(loop.expiresAt);
    }
  });
  it('a loop that is resolved again gets the whole window again', () => {
    const again = given2(given2(given2(loopIn('resolved'), command('object')), command('respond')), command('resolve'));
    expect(again.expiresAt).toEqual(at(37));
    expect(decide(again, command('expire'))).toMatchObject({ reason: 'window-open' });
  });
  it('the window of an imported loop that somebody resolves counts from there, too', () => {
    const loop = given(command('open', { historic: true }), command('respond'), command('resolve', { at: at(400) }));
    expect(loop?.expiresAt).toEqual(at(407));
  });
  it('waits once, and stops waiting when it is resolved', () => {
    const waiting = loopIn('responded', { waiting: true });
    expect(decide(waiting, command('wait'))).toMatchObject({ reason: 'already-waiting' });
    expect(given2(waiting, command('resolve')).waiting).toBe(false);
    expect(decide(loopIn('responded'), command('resume'))).toMatchObject({ reason: 'not-waiting' });
  });
  it('a loop is withdrawn only with its last feedback', () => {
    expect(decide(loopIn('opened', { joined: true }), command('withdraw'))).toMatchObject({
      reason: 'feedback-remains',
    });
  });
  it('the feedback that opened a loop is not split from it, nor the only one', () => {
    expect(
      decide(loopIn('opened', { joined: true }), command('split', { feedback: { feedbackId: opener, revision: 1 } })),
    ).toMatchObject({ reason: 'opened-by-it' });
    expect(decide(loopIn('opened'), command('split'))).toMatchObject({ reason: 'only-one' });
  });
  it('another team gets the loop without the old owner', () => {
    const loop = given2(loopIn('acknowledged'), command('assign', { team: 'billing', owner: undefined }));
    expect(loop.team).toBe('billing');
    expect(loop.owner).toBeUndefined();
  });
  it('what changes nothing is refused', () => {
    expect(decide(loopIn('acknowledged'), command('assign', { owner: 'ann' }))).toMatchObject({ reason: 'unchanged' });
    expect(decide(loopIn('opened'), command('set-priority', { priority: 'medium' }))).toMatchObject({
      reason: 'unchanged',
    });
  });
  describe('an answer that did not reach the customer', () => {
    const failed = (standing: object, cycle = 1) =>
      command('reply-failed', { at: at(40), answer: { cycle, standing } });
    const fresh = loopIn('responded');

    it('was none: its owner has to answer still, and its time does not count', () => {
      const after = given2(fresh, failed({}));
      expect(after).toMatchObject({ state: 'acknowledged', owner: 'ann', cycle: 1 });
      expect(after).not.toHaveProperty('firstRespondedAt');
      // and the next one is the first
      expect(given2(after, command('respond', { at: at(41) })).firstRespondedAt).toEqual(at(41));
    });
    it('beside another one of the cycle leaves the loop answered, by that one', () => {
      const twice = given2(fresh, command('respond', { at: at(35) }));
      const after = given2(twice, failed({ first: at(35), ofCycle: { at: at(35) } }));
      expect(after).toMatchObject({ state: 'responded', firstRespondedAt: at(35) });
    });
    it('of a later cycle leaves the first cycle its time', () => {
      const again = given2(loopIn('reopened'), command('respond', { at: at(35) }));
      const after = given2(again, failed({ first: at(1) }, 2));
      expect(after).toMatchObject({ state: 'acknowledged', cycle: 2, firstRespondedAt: at(1) });
    });
    it('of a cycle that is over, or a follow-up, is noted alone', () => {
      const again = given2(loopIn('reopened'), command('respond', { at: at(35) }));
      const { version: _before, ...before } = again;
      for (const next of [failed({}), command('reply-failed', { answer: undefined })]) {
        const { version: _after, ...after } = given2(again, next);
        expect(after).toEqual(before);
      }
    });
    it('was no question either: the customer is not waited for', () => {
      const waiting = loopIn('responded', { waiting: true });
      expect(given2(waiting, failed({ first: at(1), ofCycle: { at: at(1) } })).waiting).toBe(true);
      expect(given2(waiting, failed({})).waiting).toBe(false);
    });
    it('stops no clock: that of the first response goes on as if nobody had answered, and shows what the next answer took', () => {
      const terms = firstBook.active.refFor({ slaPolicy: 'standard', priority: 'medium', team: 'support' });
      const promised = given(command('open', { at: at(0), terms }), command('respond', { at: at(1) }))!;
      const waiting = given2(promised, command('wait', { at: at(10) }));
      expect(waiting.clocks).toMatchObject({ responded: { at: at(1) }, waitingSince: at(10) });
      const after = given2(waiting, failed({}));
      expect(after.clocks).not.toHaveProperty('responded');
      expect(after.clocks).not.toHaveProperty('waitingSince');
      const twice = given2(promised, command('respond', { at: at(35) }));
      const kept = given2(twice, failed({ first: at(35), ofCycle: { at: at(35), workedMs: 7 } }));
      expect(kept.clocks?.responded).toEqual({ at: at(35), workedMs: 7 });
    });
  });
  it('who took an answer over from whom is in the history', () => {
    expect(decide(loopIn('acknowledged'), command('respond', { takenOverFrom: 'ben' }))).toMatchObject([
      { change: 'responded', takenOverFrom: 'ben' },
    ]);
  });
  it('a draft is stale once its feedback has a later revision', () => {
    expect(isStaleDraft({ feedbackId: opener, revision: 1 }, { feedbackId: opener, revision: 2 })).toBe(true);
    expect(isStaleDraft({ feedbackId: opener, revision: 2 }, { feedbackId: opener, revision: 2 })).toBe(false);
    expect(isStaleDraft({ feedbackId: other, revision: 1 }, { feedbackId: opener, revision: 2 })).toBe(false);
  });
});

describe('any sequence of commands', () => {
  const commands = fc.array(
    fc.record({
      // what leads far is drawn more often and what ends a loop seldom, so that every state is reached
      type: fc.oneof(
        { weight: 1, arbitrary: fc.constantFrom<CommandType>('dismiss', 'withdraw') },
        {
          weight: 30,
          arbitrary: fc.constantFrom<CommandType>(
            ...commandTypes.filter((type) => type !== 'dismiss' && type !== 'withdraw'),
            ...(['open', 'respond', 'resolve', 'resolve', 'expire', 'expire', 'wait', 'resume'] as const),
            ...(['keep-time', 'keep-time', 'keep-time'] as const),
          ),
        },
      ),
      actor: fc.option(fc.constantFrom<ActorKind>('system', 'agent', 'customer', 'source'), {
        nil: undefined,
        freq: 8,
      }),
      /** Hours */
      gap: fc.oneof({ weight: 6, arbitrary: fc.nat({ max: 12 }) }, { weight: 1, arbitrary: fc.nat({ max: 400 }) }),
      flag: fc.boolean(),
    }),
    { minLength: 10, maxLength: 60, size: 'max' },
  );

  it('keeps versions gapless, never reaches an impossible state, and its history tells the same loop', () => {
    const seen = new Set<LoopState>();
    const told = new Map<string, number>();
    fc.assert(
      fc.property(commands, fc.boolean(), (sequence, historic) => {
        const promised = firstChained.active.refFor({ slaPolicy: 'standard', priority: 'medium', team: 'support' });
        const opening = command('open', { at: at(0), historic, terms: promised });
        const history: LoopEvent[] = decide(undefined, opening) as LoopEvent[];
        let loop: Loop | undefined = replay(history);
        let days = 0;
        for (const { type, actor, gap, flag } of sequence) {
          days += gap / 24;
          const decided = decide(
            loop,
            command(type, {
              at: at(days),
              ...(actor && { actor: { kind: actor, id: 'zoe' } }),
              ...(type === 'note' && flag && (loop?.feedback ?? 0) > 1 && { leaves: true }),
              // what is lost is an answer that was given, as whoever gives this command looks up
              ...(type === 'reply-failed' && {
                answer: {
                  cycle: loop?.cycle,
                  standing: flag && loop?.firstRespondedAt ? { first: at(0), ofCycle: { at: at(days) } } : {},
                },
              }),
              ...(type === 'set-priority' && { priority: flag ? 'low' : 'high' }),
              ...(type === 'assign' && (flag ? { team: 'billing', owner: undefined } : { owner: 'ben' })),
              ...(type === 'join' && { topics: flag ? ['billing/refund'] : [] }),
            }),
            firstChained.termsOf(loop!),
          );
          if (decided instanceof Refusal) continue;
          expect(decided.length).toBeGreaterThan(0);
          for (const event of decided) {
            if (event.change === 'confirmed') expect(event.actor.kind).toBe('customer');
            // a level is reached once for each cycle of going up: by time, by hand or by an objection
            if (event.change === 'escalated' || event.change === 'objected') {
              expect(evolve(loop, event).level).toBe(loop!.level + 1);
            }
            if ('dueAt' in event && event.dueAt && event.change !== 'resolved') {
              expect(event.dueAt.getTime()).toBeLessThanOrEqual(event.at.getTime());
            }
            loop = evolve(loop, event);
            history.push(event);
            told.set(event.change, (told.get(event.change) ?? 0) + 1);
          }
          seen.add(loop!.state);
          expect(loop!.closedAt !== undefined).toBe(isClosed(loop!.state));
          if (loop!.waiting) expect(['acknowledged', 'responded']).toContain(loop!.state);
          if (loop!.state === 'resolved') expect(loop!.resolvedAt).toBeDefined();
          expect(loop!.expiresAt !== undefined).toBe(loop!.state === 'resolved');
          if (loop!.state === 'responded') expect(loop!.firstRespondedAt).toBeDefined();
          if (loop!.state === 'opened' || loop!.state === 'reopened') expect(loop!.waiting).toBe(false);
          expect(loop!.feedback).toBeGreaterThanOrEqual(loop!.state === 'withdrawn' ? 0 : 1);
          const restarts = history.filter(({ change }) => change === 'reopened' || change === 'objected').length;
          expect(loop!.cycle).toBe(1 + restarts);
          expect(new Set(loop!.topics).size).toBe(loop!.topics.length);
          const { clocks } = loop!;
          expect(clocks === undefined).toBe(historic);
          if (!clocks) continue;
          expect(clocks.waitingSince !== undefined).toBe(loop!.waiting);
          expect(clocks.pausedMs).toBeGreaterThanOrEqual(0);
          const shown = readings(loop!, firstChained.termsOf(loop!)!, loop!.resolvedAt ?? loop!.closedAt ?? at(days))!;
          for (const { customer, business } of Object.values(shown)) {
            expect(business.elapsedMs).toBeGreaterThanOrEqual(0);
            expect(customer.elapsedMs).toBeGreaterThanOrEqual(business.elapsedMs);
          }
        }
        expect(history.map(({ version }) => version)).toEqual(history.map((_event, index) => index + 1));
        expect(replay(history)).toEqual(loop);
      }),
      { numRuns: 1_000 },
    );
    expect([...seen].sort()).toEqual([...loopStates].sort());
    for (const change of ['warned', 'breached', 'escalated', 'waited', 'resumed']) {
      expect(told.get(change) ?? 0).toBeGreaterThan(0);
    }
  });

  it('refuses a history with a gap', () => {
    const [opened] = decide(undefined, command('open')) as LoopEvent[];
    expect(() => replay([opened!, { change: 'waited', version: 3, at: at(1), actor: { kind: 'agent' } }])).toThrow();
  });
});
