import { describe, expect, it } from '@jest/globals';
import { loopIdOf } from '@closeloop/contracts';
import fc from 'fast-check';
import { decide, evolve, Refusal, type Loop, type LoopCommand, type LoopEvent } from '../loop.js';
import { nextLimit, nextMoment, promises, readings } from './clocks.js';
import { type SlaDocument } from './document.js';
import { bookOf } from './sla.fixture.js';

const feedbackId = 'a2d7c3f4-0000-5000-8000-000000000001';
const loopId = loopIdOf(feedbackId);
const minute = 60_000;
const hour = 60 * minute;
const ann = { kind: 'agent', id: 'ann' } as const;
const system = { kind: 'system' } as const;

/** Weekdays 09:00-12:00 and 13:00-17:00 in Berlin; four hours of work for an answer, a day by the customer's clock. */
const document: SlaDocument = {
  calendars: [
    {
      name: 'berlin',
      zone: 'Europe/Berlin',
      shifts: [
        { days: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'], from: '09:00', to: '12:00' },
        { days: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'], from: '13:00', to: '17:00' },
      ],
      exceptions: [{ date: '2026-12-25', shifts: [] }],
    },
  ],
  defaultCalendar: 'berlin',
  policies: [
    {
      name: 'standard',
      firstResponse: { business: 'PT4H', customer: 'P2D' },
      resolution: { business: 'PT16H' },
      variants: [{ priorities: ['critical'], firstResponse: { customer: 'PT30M' } }],
    },
  ],
  defaultPolicy: 'standard',
  teams: [
    {
      team: 'support',
      chain: [
        { after: 'PT0S', owner: 'lena' },
        { after: 'PT2H', owner: 'mia' },
        { after: 'PT6H', team: 'quality' },
      ],
    },
  ],
};
const book = bookOf(document);
const on = (text: string): Date => new Date(`${text}:00.000Z`);
const iso = (date: Date | undefined): string | undefined => date?.toISOString().slice(0, 16);

const take = (loop: Loop | undefined, command: LoopCommand): { loop: Loop; events: readonly LoopEvent[] } => {
  const events = decide(loop, command, loop && book.termsOf(loop));
  if (events instanceof Refusal) throw new Error(events.message);
  return { events, loop: events.reduce<Loop | undefined>(evolve, loop)! };
};
const after = (loop: Loop | undefined, ...commands: LoopCommand[]): Loop =>
  commands.reduce<Loop | undefined>((now, command) => take(now, command).loop, loop)!;

/** Thursday 2026-11-26, ten o'clock in Berlin */
const received = on('2026-11-26T09:00');
const opened = (overrides: Partial<Extract<LoopCommand, { type: 'open' }>> = {}): Loop =>
  after(undefined, {
    ...{ type: 'open', at: received, actor: { kind: 'source', id: 'shop' }, loopId, team: 'support' },
    ...{ feedback: { feedbackId, revision: 1 }, priority: 'medium', slaPolicy: 'standard', historic: false },
    receivedAt: received,
    terms: book.active.refFor({ slaPolicy: 'standard', priority: overrides.priority ?? 'medium', team: 'support' }),
    ...overrides,
  });
const keepTime = (at: Date): LoopCommand => ({ type: 'keep-time', at, actor: system });
const moments = (loop: Loop) => nextMoment(loop, book.termsOf(loop)!);

describe('what comes next', () => {
  it('given a loop that nobody answered: a warning at three quarters, then the limit, then level by level', () => {
    let loop = opened();
    const seen: [string, string, string | undefined][] = [];
    for (let next = moments(loop); next; next = moments(loop)) {
      expect(decide(loop, keepTime(new Date(next.dueAt.getTime() - 1)), book.termsOf(loop))).toBeInstanceOf(Refusal);
      const { events, loop: moved } = take(loop, keepTime(next.dueAt));
      // a level that follows its limit at once comes with it
      for (const event of events) {
        if (!('clock' in event) || !event.clock) throw new Error(`${event.change} is of no clock`);
        const holder = 'owner' in event && event.owner ? event.owner : moved.team;
        seen.push([`${event.change} ${event.target} ${event.clock}`, iso(event.dueAt)!, holder]);
      }
      loop = moved;
    }
    expect(seen).toEqual(
      [
        // 10 to 12, then 13 to 14
        ['warned first-response business', '2026-11-26T13:00', 'support'],
        ['breached first-response business', '2026-11-26T14:00', 'support'],
        ['escalated first-response business', '2026-11-26T14:00', 'lena'],
        ['escalated first-response business', '2026-11-26T16:00', 'mia'],
        // six hours of work after three in the afternoon: one that day is gone already
        ['escalated first-response business', '2026-11-27T13:00', 'quality'],
        ['warned first-response customer', '2026-11-27T21:00', 'quality'],
        ['warned resolution business', '2026-11-27T15:00', 'quality'],
        ['breached first-response customer', '2026-11-28T09:00', 'quality'],
        ['breached resolution business', '2026-11-30T11:00', 'quality'],
      ].sort((a, b) => a[1]!.localeCompare(b[1]!)),
    );
    expect(loop).toMatchObject({ level: 3, team: 'quality', home: 'support', state: 'opened' });
    expect(loop.owner).toBeUndefined();
  });

  it('given nobody looked for a week: all of it at once, each level once, and no warning of what is over', () => {
    const { events, loop } = take(opened(), keepTime(on('2026-12-03T09:00')));
    expect(events.map(({ change }) => change)).toEqual([
      ...['breached', 'escalated', 'escalated', 'escalated', 'breached', 'breached'],
    ]);
    expect(moments(loop)).toBeUndefined();
  });

  it('given an answer: what was promised for it is kept, and the resolution goes on', () => {
    const loop = after(opened(), {
      type: 'respond',
      text: 'Sorry',
      channel: 'review',
      at: on('2026-11-26T10:00'),
      actor: ann,
    });
    expect(moments(loop)).toMatchObject({ what: 'warn', target: 'resolution', clock: 'business' });
    expect(readings(loop, book.termsOf(loop)!, on('2026-11-26T15:00'))!['first-response']).toMatchObject({
      customer: { elapsedMs: hour, breached: false },
      business: { elapsedMs: hour, limitMs: 4 * hour },
    });
  });

  it('given that the customer is waited for: the business clock stands, the customer’s runs', () => {
    const waiting = after(
      opened(),
      { type: 'acknowledge', at: on('2026-11-26T09:30'), actor: ann },
      { type: 'wait', at: on('2026-11-26T10:00'), actor: ann },
    );
    // an hour of work has gone by, and no more does
    expect(moments(waiting)).toMatchObject({ what: 'warn', clock: 'customer', dueAt: on('2026-11-27T21:00') });
    const shown = readings(waiting, book.termsOf(waiting)!, on('2026-11-26T16:00'))!['first-response'];
    expect(shown).toMatchObject({ customer: { elapsedMs: 7 * hour }, business: { elapsedMs: hour } });
    expect(shown.business.dueAt).toBeUndefined();
    const resumed = after(waiting, { type: 'resume', at: on('2026-11-27T08:00'), actor: ann });
    expect(resumed.clocks).toMatchObject({ pausedMs: 5 * hour + 0 });
    expect(readings(resumed, book.termsOf(resumed)!, on('2026-11-27T09:00'))!['first-response'].business).toEqual({
      ...{ elapsedMs: 2 * hour, limitMs: 4 * hour, breached: false, dueAt: on('2026-11-27T11:00') },
    });
  });

  it('given critical: the variant of the policy; given that it becomes so: from then on', () => {
    expect(moments(opened({ priority: 'critical' }))).toMatchObject({
      clock: 'customer',
      dueAt: new Date('2026-11-26T09:22:30Z'),
    });
    const raised = after(opened(), {
      ...{ type: 'set-priority', priority: 'critical', at: on('2026-11-26T12:00'), actor: ann },
      terms: book.active.refFor({ slaPolicy: 'standard', priority: 'critical', team: 'support' }),
    });
    expect(moments(raised)).toMatchObject({ what: 'warn', clock: 'customer' });
    expect(take(raised, keepTime(on('2026-11-26T12:00'))).events).toMatchObject([
      { change: 'breached', target: 'first-response', clock: 'customer', dueAt: on('2026-11-26T09:30') },
      { change: 'escalated', owner: 'lena' },
      { change: 'escalated', owner: 'mia', dueAt: on('2026-11-26T11:30') },
    ]);
  });

  it('given an imported loop: none', () => {
    const loop = opened({ historic: true });
    expect(loop.clocks).toBeUndefined();
  });

  it('given an objection: the next level owns it, and a new cycle begins', () => {
    const resolved = after(
      opened(),
      { type: 'respond', text: 'Sorry', channel: 'review', at: on('2026-11-26T10:00'), actor: ann },
      { type: 'resolve', window: 7 * 24 * hour, at: on('2026-11-26T11:00'), actor: ann },
    );
    expect(moments(resolved)).toBeUndefined();
    const { loop } = take(resolved, {
      ...{ type: 'object', evidence: 'survey', at: on('2026-11-27T09:00'), actor: { kind: 'customer' } },
    });
    expect(loop).toMatchObject({ state: 'reopened', level: 1, owner: 'lena', team: 'support' });
    expect(loop.clocks).toEqual({
      terms: resolved.clocks!.terms,
      startedAt: on('2026-11-27T09:00'),
      pausedMs: 0,
      told: 0,
    });
    // the next to have it when that is late, too: the level after lena's
    const late = take(loop, keepTime(on('2026-12-10T09:00')));
    expect(late.events.filter(({ change }) => change === 'escalated')).toMatchObject([
      { owner: 'mia' },
      { team: 'quality' },
    ]);
  });

  it('given another team by hand: its own chain, from the bottom', () => {
    const moved = after(take(opened(), keepTime(on('2026-11-26T14:00'))).loop, {
      type: 'assign',
      team: 'billing',
      at: on('2026-11-26T15:00'),
      actor: ann,
    });
    expect(moved).toMatchObject({ team: 'billing', home: 'billing', level: 0 });
    expect(take(moved, keepTime(on('2026-12-10T09:00'))).events.some(({ change }) => change === 'escalated')).toBe(
      false,
    );
  });

  it('by hand: up the chain, and refused at its top', () => {
    const escalate: LoopCommand = { type: 'escalate', at: received, actor: ann };
    const top = after(opened(), escalate, escalate, escalate);
    expect(top).toMatchObject({ level: 3, team: 'quality' });
    expect(decide(top, escalate, book.termsOf(top))).toMatchObject({ reason: 'top-of-chain' });
  });

  it('given a newer version: loops keep what they were promised until it is set', () => {
    const stricter = bookOf(document, {
      ...document,
      policies: [{ name: 'standard', firstResponse: { customer: 'PT1H' } }],
    });
    const loop = opened();
    expect(nextMoment(loop, stricter.termsOf(loop)!)).toEqual(moments(loop));
    const decided = decide(
      loop,
      { type: 'set-terms', terms: stricter.active.refFor(loop), at: received, actor: system },
      stricter.termsOf(loop),
    );
    const set = (decided as LoopEvent[]).reduce<Loop | undefined>(evolve, loop)!;
    expect(nextMoment(set, stricter.termsOf(set)!)).toMatchObject({ what: 'warn', clock: 'customer' });
    expect(set.clocks!.terms).toBe('2/standard/0/berlin');
  });
});

describe('what is told of promises', () => {
  const toldOf = (loop: Loop, until: Date) => promises({ ...loop, clocks: loop.clocks! }, book.termsOf(loop)!, until);
  const answer = { type: 'respond', text: 'Sorry', channel: 'review', actor: ann } as const;

  it('is open, then kept, each clock with a limit by itself', () => {
    const loop = opened();
    expect(toldOf(loop, on('2026-11-26T10:00'))).toEqual({
      'first-response': { running: true, customerMs: hour, businessMs: hour },
      resolution: { running: true, customerMs: hour, businessMs: hour },
    });
    const answered = after(loop, { ...answer, at: on('2026-11-26T10:00') });
    expect(toldOf(answered, on('2026-11-27T10:00'))['first-response']).toEqual({
      ...{ running: false, customerMs: hour, businessMs: hour, customerMet: true, businessMet: true },
    });
    const resolved = after(answered, { type: 'resolve', window: hour, at: on('2026-11-26T15:00'), actor: ann });
    // no limit on the customer's clock
    expect(toldOf(resolved, resolved.resolvedAt!).resolution).toEqual({
      ...{ running: false, customerMs: 6 * hour, businessMs: 5 * hour, businessMet: true },
    });
  });

  it('is missed as soon as the limit is past, and not kept by a loop that ended without', () => {
    const late = toldOf(opened(), on('2026-11-27T09:00'))['first-response'];
    expect(late).toMatchObject({ running: true, businessMet: false });
    expect(late).not.toHaveProperty('customerMet');
    const dismissed = after(opened(), { type: 'dismiss', reason: 'spam', at: on('2026-11-26T09:30'), actor: ann });
    expect(toldOf(dismissed, dismissed.closedAt!)['first-response']).toEqual({
      ...{ running: false, customerMs: hour / 2, businessMs: hour / 2 },
    });
  });
});

describe('given any commands, and looks at any times', () => {
  const moves = fc.array(
    fc.record({
      command: fc.constantFrom<LoopCommand>(
        { type: 'acknowledge', at: received, actor: ann },
        { type: 'respond', text: 'x', channel: 'chat', at: received, actor: ann },
        { type: 'wait', at: received, actor: ann },
        { type: 'resume', at: received, actor: ann },
        { type: 'resolve', window: 100 * hour, at: received, actor: ann },
        { type: 'object', evidence: 'reply', at: received, actor: { kind: 'customer' } },
        { type: 'assign', team: 'billing', at: received, actor: ann },
        { type: 'assign', team: 'support', at: received, actor: ann },
      ),
      minutes: fc.nat({ max: 1500 }),
      look: fc.boolean(),
    }),
    { minLength: 10, maxLength: 40, size: 'max' },
  );

  it('each limit of a cycle is told of once, no level is reached early or twice, and clocks never run backwards', () => {
    let breaches = 0;
    let levels = 0;
    fc.assert(
      fc.property(moves, (sequence) => {
        let loop = opened();
        let now = received.getTime();
        const told = new Set<string>();
        let shown = readings(loop, book.termsOf(loop)!, received)!;
        let cycle = 1;
        const apply = (events: readonly LoopEvent[] | Refusal): void => {
          if (events instanceof Refusal) return;
          for (const event of events) {
            if (event.change === 'breached' || event.change === 'warned') {
              const key = `${loop.cycle} ${event.change} ${event.target} ${event.clock}`;
              expect(told).not.toContain(key);
              told.add(key);
              expect(event.dueAt.getTime()).toBeLessThanOrEqual(now);
              if (event.change === 'breached') breaches++;
            }
            if (event.change === 'escalated' && event.dueAt) {
              levels++;
              expect(event.dueAt.getTime()).toBeLessThanOrEqual(now);
              // what it goes up for was breached before
              expect(told).toContain(`${loop.cycle} breached ${event.target} ${event.clock}`);
            }
            loop = evolve(loop, event);
          }
        };
        for (const { command, minutes, look } of sequence) {
          now += minutes * minute;
          const at = new Date(now);
          apply(decide(loop, { ...command, at }, book.termsOf(loop)));
          if (look) {
            apply(decide(loop, keepTime(at), book.termsOf(loop)));
            // nothing that is due is left
            expect(decide(loop, keepTime(at), book.termsOf(loop))).toMatchObject({ reason: 'nothing-due' });
          }
          const next = readings(loop, book.termsOf(loop)!, loop.resolvedAt ?? loop.closedAt ?? at)!;
          const dues = Object.values(next).flatMap(({ customer, business }) => [customer.dueAt, business.dueAt]);
          const times = dues.filter((due) => due !== undefined).map((due) => due.getTime());
          expect(nextLimit(loop, book.termsOf(loop)!)?.getTime() ?? Infinity).toBe(Math.min(...times));
          for (const target of ['first-response', 'resolution'] as const) {
            for (const clock of ['customer', 'business'] as const) {
              expect(next[target][clock].elapsedMs).toBeGreaterThanOrEqual(
                loop.cycle === cycle ? shown[target][clock].elapsedMs : 0,
              );
            }
          }
          shown = next;
          cycle = loop.cycle;
        }
      }),
      { numRuns: 300 },
    );
    expect(breaches).toBeGreaterThan(100);
    expect(levels).toBeGreaterThan(100);
  });
});
