import { describe, expect, it } from '@jest/globals';
import { loopIdOf } from '@closeloop/contracts';
import fc from 'fast-check';
import { commandOf, deadlineChanges, deadlinesOf, type KeptDeadline } from './deadline.js';
import { firstBook } from './sla/sla.fixture.js';
import { decide, evolve, Refusal, type Loop, type LoopCommand, type LoopEvent } from './loop.js';

const feedbackId = 'a2d7c3f4-0000-5000-8000-000000000001';
const loopId = loopIdOf(feedbackId);
const hour = 3_600_000;
const start = Date.parse('2026-01-01T00:00:00Z');
const at = (hours: number): Date => new Date(start + hours * hour);
const agent = { kind: 'agent', id: 'ann' } as const;
const customer = { kind: 'customer' } as const;
const feedback = { feedbackId, revision: 1 };

const opening: LoopCommand = {
  ...{ type: 'open', at: at(0), actor: { kind: 'source', id: 'shop' }, loopId, feedback, team: 'support' },
  ...{ priority: 'medium', slaPolicy: 'standard', historic: false, receivedAt: at(0) },
};
const after = (loop: Loop | undefined, command: LoopCommand): Loop => {
  const decided = decide(loop, command);
  if (decided instanceof Refusal) throw new Error(decided.message);
  return decided.reduce<Loop | undefined>(evolve, loop)!;
};
const responded = after(after(undefined, opening), {
  ...{ type: 'respond', text: 'We are sorry.', channel: 'review', at: at(1), actor: agent },
});
const resolved = after(responded, { type: 'resolve', window: 10 * hour, at: at(2), actor: agent });

describe('the deadlines of a loop', () => {
  it('given one that nobody has resolved, are none', () => {
    expect(deadlinesOf(responded, undefined)).toEqual([]);
  });
  it('given one that is resolved, when it expires', () => {
    expect(deadlinesOf(resolved, undefined)).toEqual([{ kind: 'expiry', dueAt: at(12) }]);
  });
  it('when it is due, the loop is closed unverified, by nobody', () => {
    const [deadline] = deadlinesOf(resolved, undefined);
    expect(decide(resolved, commandOf(deadline!.kind, resolved, at(12), firstBook))).toMatchObject([
      { change: 'expired', at: at(12), dueAt: at(12), actor: { kind: 'system' } },
    ]);
  });
  it('a millisecond before, nothing happens', () => {
    const [deadline] = deadlinesOf(resolved, undefined);
    expect(
      decide(resolved, commandOf(deadline!.kind, resolved, new Date(at(12).getTime() - 1), firstBook)),
    ).toBeInstanceOf(Refusal);
  });
  it('are kept and dropped with what happens to the loop', () => {
    expect(deadlineChanges(responded, resolved, firstBook)).toEqual({
      kept: [{ loopId, kind: 'expiry', dueAt: at(12) }],
      dropped: [],
    });
    expect(
      deadlineChanges(resolved, after(resolved, { type: 'escalate', at: at(3), actor: agent }), firstBook),
    ).toEqual({
      kept: [],
      dropped: [],
    });
    const confirmed = after(resolved, { type: 'confirm', evidence: 'survey', at: at(3), actor: customer });
    expect(deadlineChanges(resolved, confirmed, firstBook)).toEqual({
      kept: [],
      dropped: [{ loopId, kind: 'expiry', dueAt: at(12) }],
    });
  });
});

describe('the clock of a loop', () => {
  const opened = after(undefined, {
    ...(opening as Extract<LoopCommand, { type: 'open' }>),
    terms: firstBook.active.refFor({ slaPolicy: 'standard', priority: 'medium', team: 'support' }),
  });
  const terms = firstBook.termsOf(opened)!;
  it('is one deadline, when something comes next; and goes with the loop', () => {
    // three quarters of a day
    expect(deadlineChanges(undefined, opened, firstBook)).toEqual({
      kept: [{ loopId, kind: 'clock', dueAt: at(18) }],
      dropped: [],
    });
    const warned = (decide(opened, commandOf('clock', opened, at(18), firstBook), terms) as LoopEvent[]).reduce<
      Loop | undefined
    >(evolve, opened)!;
    expect(deadlineChanges(opened, warned, firstBook).kept).toEqual([{ loopId, kind: 'clock', dueAt: at(24) }]);
    const dismissed = (
      decide(opened, { type: 'dismiss', reason: 'spam', at: at(1), actor: agent }, terms) as LoopEvent[]
    ).reduce<Loop | undefined>(evolve, opened)!;
    expect(deadlineChanges(opened, dismissed, firstBook)).toEqual({
      kept: [],
      dropped: [{ loopId, kind: 'clock', dueAt: at(18) }],
    });
  });
  it('that is met too early does nothing', () => {
    expect(decide(opened, commandOf('clock', opened, at(17.9), firstBook), terms)).toBeInstanceOf(Refusal);
  });
});

describe('given any commands, and looks at any times', () => {
  // a withdrawn loop is over: were it as likely as the others, hardly one would live until it is due
  const command = fc.oneof(
    {
      weight: 30,
      arbitrary: fc.constantFrom<LoopCommand>(
        { type: 'acknowledge', at: at(0), actor: agent },
        { type: 'respond', text: 'x', channel: 'chat', at: at(0), actor: agent },
        { type: 'resolve', window: 4 * hour, at: at(0), actor: agent },
        { type: 'resolve', window: 9 * hour, at: at(0), actor: agent },
        { type: 'confirm', evidence: 'survey', at: at(0), actor: customer },
        { type: 'object', evidence: 'reply', at: at(0), actor: customer },
        { type: 'reopen', reason: 'again', at: at(0), actor: agent },
        { type: 'escalate', at: at(0), actor: agent },
      ),
    },
    {
      weight: 1,
      arbitrary: fc.constant<LoopCommand>({ type: 'withdraw', feedback, at: at(0), actor: { kind: 'source' } }),
    },
  );
  const moves = fc.array(
    fc.record({
      command,
      hours: fc.nat({ max: 6 }),
      look: fc.boolean(),
    }),
    { minLength: 10, maxLength: 60, size: 'max' },
  );

  it('what is kept is what the loop has; each is met once at most, never before it is due, and void otherwise', () => {
    let expiries = 0;
    fc.assert(
      fc.property(moves, (sequence) => {
        let loop = after(undefined, opening);
        const kept = new Map<string, KeptDeadline>();
        const set = new Set<number>();
        const met: number[] = [];
        let hours = 0;
        const take = (decided: readonly LoopEvent[] | Refusal): void => {
          if (decided instanceof Refusal) return;
          const before = loop;
          loop = decided.reduce<Loop | undefined>(evolve, loop)!;
          const changes = deadlineChanges(before, loop, firstBook);
          for (const { kind } of changes.dropped) kept.delete(kind);
          for (const deadline of changes.kept) {
            kept.set(deadline.kind, deadline);
            set.add(loop.version);
          }
          expect([...kept.values()]).toEqual(deadlinesOf(loop, undefined).map((deadline) => ({ ...deadline, loopId })));
        };
        for (const { command, hours: passed, look } of sequence) {
          hours += passed;
          take(decide(loop, { ...command, at: at(hours) }));
          if (!look) continue;
          for (const deadline of [...kept.values()]) {
            const { version } = loop;
            take(decide(loop, commandOf(deadline.kind, loop, at(hours), firstBook)));
            if (loop.version === version) expect(deadline.dueAt.getTime()).toBeGreaterThan(at(hours).getTime());
            else {
              expect(deadline.dueAt.getTime()).toBeLessThanOrEqual(at(hours).getTime());
              expect(loop.state).toBe('closed-unverified');
              met.push(version);
              expiries++;
            }
          }
        }
        expect(met.length).toBeLessThanOrEqual(set.size);
        expect(new Set(met).size).toBe(met.length);
      }),
      { numRuns: 300 },
    );
    expect(expiries).toBeGreaterThan(20);
  });
});
