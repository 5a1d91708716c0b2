import { describe, expect, it } from '@jest/globals';
import { type InsightChanged, type InsightRaised, type TeamInbox } from '@closeloop/contracts';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import {
  type Answer,
  DeliveryTimes,
  mailOf,
  secretOfKey,
  signaturesOf,
  slackBody,
  verdictOf,
  webhookBody,
} from './delivery.js';
import { raisedInsight, teamToldOf } from './told-insight.js';

const usualTimes = new DeliveryTimes();

const told = (text: string, more: Partial<TeamInbox> = {}): TeamInbox => ({
  ...{ loopId: '6f1c1f0e-5d0f-5b6e-9a3b-0c7d1e5a4c21', version: 2, change: 'assigned' },
  ...{ at: '2026-03-01T12:00:00.000Z', actor: { kind: 'agent', id: 'ann' } },
  loop: { state: 'opened', cycle: 1, team: 'support', priority: 'high' },
  feedback: {
    ...{ feedbackId: '6f1c1f0e-5d0f-5b6e-9a3b-0c7d1e5a4c22', revision: 1, kind: 'created', source: 'shop' },
    ...{ channel: 'review', contentHash: 'a'.repeat(64), receivedAt: '2026-03-01T12:00:00.000Z', historic: false },
    text,
  },
  ...more,
});

describe('what becomes of a delivery', () => {
  const now = new Date('2026-03-01T12:00:00Z');
  const giveUpAt = new Date('2026-03-04T12:00:00Z');
  const failed = { kind: 'failed', milliseconds: 1, error: 'x' } as const;

  it('waits at most twice as long each time, as long as asked, and never past the end', () => {
    const answers = fc.record({
      ...{ kind: fc.constantFrom('failed' as const, 'gone' as const), milliseconds: fc.nat(), error: fc.string() },
      retryAfterMs: fc.option(fc.nat({ max: 10 ** 10 }), { nil: undefined }),
    });
    const attempt = fc.integer({ min: 1, max: 1_000 });
    const left = fc.integer({ min: 1, max: 3 * 86_400_000 });
    fc.assert(
      fc.property(answers, attempt, left, fc.double({ min: 0, max: 1, noNaN: true }), (given, n, ms, random) => {
        const { retryAfterMs, ...rest } = given;
        const answer = { ...rest, ...(retryAfterMs !== undefined && { retryAfterMs }) };
        const end = new Date(now.getTime() + ms);
        const { state, dueInMs } = verdictOf(answer, n, { now, giveUpAt: end }, usualTimes, random);
        expect(state).toBe('pending');
        expect(dueInMs).toBeLessThanOrEqual(Math.min(ms, usualTimes.longestRetryMs));
        expect(dueInMs).toBeGreaterThanOrEqual(Math.min(ms, retryAfterMs ?? 0, usualTimes.longestRetryMs));
        if (retryAfterMs === undefined) expect(dueInMs).toBeLessThanOrEqual(5_000 * 2 ** Math.min(n - 1, 30));
      }),
    );
  });

  it('is given up after the last try, and done whenever it was taken', () => {
    const taken: Answer = { kind: 'taken', milliseconds: 1 };
    expect(verdictOf(failed, 9, { now: giveUpAt, giveUpAt }, usualTimes, 0.5).state).toBe('given-up');
    expect(verdictOf(taken, 9, { now: giveUpAt, giveUpAt }, usualTimes, 0.5).state).toBe('sent');
  });
});

describe('a webhook', () => {
  const [old, current] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
  const at = (): number => Math.floor(Date.now() / 1000);
  const headersOf = (keys: readonly Uint8Array[], body: string, timestamp = at()) => ({
    'webhook-id': 'd-1',
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signaturesOf('d-1', timestamp, body, keys),
  });

  it('is what the library of Standard Webhooks verifies, with the new secret and, while both sign, with the old one', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const body = webhookBody(told(text));
        const headers = headersOf([current, old], body);
        for (const key of [current, old]) {
          expect(new Webhook(secretOfKey(key)).verify(body, headers)).toEqual(JSON.parse(body));
        }
      }),
    );
  });

  it('does not verify with another secret, after another word, or long after', () => {
    const body = webhookBody(told('Hello'));
    const receiver = new Webhook(secretOfKey(current));
    expect(() => receiver.verify(body, headersOf([old], body))).toThrow();
    expect(() => receiver.verify(body.replace('Hello', 'hello'), headersOf([current], body))).toThrow();
    expect(() => receiver.verify(body, headersOf([current], body, at() - 3_600))).toThrow();
  });
});

describe('words for people', () => {
  it('hold nothing that Slack would read as its own, and no half characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 2_000 }), (text) => {
        const body = JSON.parse(slackBody(told(`<!channel> & ${text}`), 'support')) as { text: string };
        expect(body.text).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
        expect(body.text.isWellFormed()).toBe(true);
        const { subject } = mailOf([told(text)], 'support');
        expect(subject).not.toMatch(/[\r\n]/);
        expect(subject.length).toBeLessThanOrEqual(150);
      }),
    );
  });

  it('say which team the loop has left, and that words are gone', () => {
    const { feedback: _feedback, ...wordless } = told('x');
    const left = { ...wordless, loop: { ...wordless.loop, team: 'billing' } };
    expect(slackBody(left, 'support')).toContain('Assigned · high · support → billing');
    expect(mailOf([left], 'support').text).toContain('(there are no words)');
    expect(mailOf([told('a'), told('b')], 'support').subject).toBe('[support] 2 steps of loops');
    expect(mailOf([told('a', { change: 'noted', note: 'reply-failed' })], 'support').subject).toBe(
      '[support] Reply failed · high · support: a',
    );
  });
});

describe('an insight', () => {
  const raisedBy = { kind: 'agent' as const, id: 'ann', team: 'support' };
  const raised: InsightRaised = {
    ...{ insightId: '6f1c1f0e-5d0f-5b6e-9a3b-0c7d1e5a4c23', at: '2026-03-01T12:00:00.000Z', about: {}, raisedBy },
    ...{ title: 'Refunds fail', claim: 'On <Android>.', team: 'product' },
    evidence: { loopIds: [], feedbackIds: [], loops: 3, feedback: 0 },
  };
  const { insightId, at, title, team } = raised;
  const declined: InsightChanged = {
    ...{ insightId, version: 2, change: 'declined', at, actor: { kind: 'agent', id: 'mia' }, state: 'declined' },
    ...{ title, team, raisedBy, reason: 'It is mended.' },
  };

  it('is told to the team that is to answer it, and its answer to the team that raised it', () => {
    expect(teamToldOf(raisedInsight(raised))).toBe('product');
    expect(teamToldOf(declined)).toBe('support');
    expect(teamToldOf({ ...declined, change: 'assigned', team: 'billing' })).toBe('billing');
    expect(teamToldOf({ ...declined, change: 'evidence-added' })).toBeUndefined();
    expect(teamToldOf({ ...declined, raisedBy: { kind: 'system', id: 'emerging' } })).toBeUndefined();
  });

  it('is told with its claim, and its answer with the reason', () => {
    expect(JSON.parse(webhookBody(declined))).toEqual({ type: 'insight.declined', timestamp: at, data: declined });
    expect(mailOf([raisedInsight(raised)], 'product')).toEqual({
      subject: '[product] Insight raised · product: Refunds fail — On <Android>.',
      text:
        'Insight raised · product\nRefunds fail — On <Android>.\n' +
        `insight ${insightId} · version 1 · raised · 3 loops · 0 feedback\n${at}\n`,
    });
    const { text } = JSON.parse(slackBody(raisedInsight(raised), 'product')) as { text: string };
    expect(text).toBe('Insight raised · product: Refunds fail — On &lt;Android&gt;.');
    expect(mailOf([declined, told('a')], 'support').subject).toBe('[support] 2 steps of loops and insights');
    expect(mailOf([declined], 'support').text).toContain('Refunds fail — It is mended.');
  });
});
