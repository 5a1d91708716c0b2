import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Asked, type Contact } from './follow-up.js';
import { noticeMailOf, noticeTextOf } from './notice-message.js';
import { tell, type Notice, type NoticePolicy, type OtherNotice } from './notice.js';
import { quietHoursOf } from './quiet-hours.js';

const dayMs = 86_400_000;
const now = new Date('2026-03-02T12:00:00.000Z');
const later = (days: number): Date => new Date(now.getTime() + days * dayMs);
const notice: Notice = {
  ...{ noticeId: 'n-1', improvementId: 'i', loopId: 'l-1', state: 'pending', failed: [], attempts: 0 },
  ...{ requestedAt: now, dueAt: now, expiresAt: later(90) },
};
const loop = { state: 'verified' } as const;
const contact: Contact = {
  ...{ feedbackId: 'f', revision: 1, source: 'shop', channel: 'review', email: 'ann@example.com' },
};
const policy: NoticePolicy = {
  ...{ waysOf: () => ['connector', 'mail'], canMail: true, quiet: undefined, zone: 'UTC', cap: 1, capDays: 30 },
};
const asked = (days: number): Asked => ({ id: `a${days}`, loopId: 'other', answered: false, askedAt: later(-days) });
const decide = (
  changes: Partial<Notice> = {},
  { others = [], heard = [], contacts = [contact], rules = {}, at = now }: Partial<Circumstances> = {},
) => tell({ ...notice, ...changes }, loop, contacts, others, heard, { ...policy, ...rules }, at);
interface Circumstances {
  others: readonly OtherNotice[];
  heard: readonly Asked[];
  contacts: readonly Contact[];
  rules: Partial<NoticePolicy>;
  at: Date;
}
const skip = (reason: string) => ({ kind: 'skip', reason });

describe('a notice whose turn it is', () => {
  it('is said where the customer spoke, else by mail', () => {
    expect(decide()).toEqual({ kind: 'tell', way: 'connector', contact });
    expect(decide({ failed: ['connector'] })).toEqual({ kind: 'tell', way: 'mail', contact });
    expect(decide({ failed: ['connector', 'mail'] })).toEqual(skip('refused'));
    expect(decide({ failed: ['connector'] }, { rules: { canMail: false } })).toEqual(skip('refused'));
    expect(decide({}, { rules: { waysOf: () => ['mail'], canMail: false } })).toEqual(skip('not-reachable'));
    expect(decide({}, { rules: { waysOf: () => [] } })).toEqual(skip('not-reachable'));
  });

  it('is not for who was erased, or does not want to hear from us', () => {
    expect(decide({}, { contacts: [] })).toEqual(skip('erased'));
    expect(tell(notice, { state: 'withdrawn' }, [contact], [], [], policy, now)).toEqual(skip('erased'));
    expect(decide({}, { contacts: [contact, { ...contact, optedOut: true }] })).toEqual(skip('opted-out'));
  });

  it('is skipped once another one has told the same customer, and waits while that is under way', () => {
    const other = (state: OtherNotice['state'], askedAt?: Date): Partial<Circumstances> => ({
      others: [{ noticeId: 'n-2', state, ...(askedAt && { askedAt }) }],
    });
    expect(decide({}, other('sent', now))).toEqual(skip('same-customer'));
    expect(decide({}, other('handed-over', now))).toMatchObject({ kind: 'wait' });
    expect(decide({}, other('pending', now))).toMatchObject({ kind: 'wait' });
    expect(decide({}, other('pending'))).toMatchObject({ kind: 'tell' });
    expect(decide({}, other('skipped'))).toMatchObject({ kind: 'tell' });
    expect(decide({}, { others: [{ noticeId: 'n-1', state: 'pending', askedAt: now }] })).toMatchObject({
      kind: 'tell',
    });
  });

  it('waits until the cap lets it through, and is capped where that is too late', () => {
    expect(decide({}, { heard: [asked(10)] })).toEqual({ kind: 'wait', until: later(20) });
    expect(decide({}, { heard: [asked(10), asked(3)], rules: { cap: 2 } })).toEqual({ kind: 'wait', until: later(20) });
    expect(decide({}, { heard: [asked(10)], rules: { cap: 2 } })).toMatchObject({ kind: 'tell' });
    expect(decide({}, { heard: [asked(10)], rules: { cap: 0 } })).toMatchObject({ kind: 'tell' });
    expect(decide({ expiresAt: later(20) }, { heard: [asked(10)] })).toEqual(skip('capped'));
    // its own first try was counted then
    expect(decide({ askedAt: later(-1) }, { heard: [asked(1)] })).toMatchObject({ kind: 'tell' });
  });

  it('waits for the morning of the customer, and not for ever', () => {
    const rules = { quiet: quietHoursOf('21:00-08:00')! };
    const tokyo = { ...contact, zone: 'Asia/Tokyo' };
    const evening = new Date('2026-03-02T13:00:00.000Z');
    expect(decide({}, { rules, contacts: [tokyo], at: evening })).toEqual({
      kind: 'wait',
      until: new Date('2026-03-02T23:00:00.000Z'),
    });
    expect(decide({}, { rules, at: evening })).toMatchObject({ kind: 'tell' });
    expect(decide({ expiresAt: now })).toEqual(skip('too-late'));
  });
});

it('each customer is told once, whatever number of loops, fails and turns there is', () => {
  const turn = fc.record({ which: fc.nat(4), succeeds: fc.boolean(), isMail: fc.boolean() });
  fc.assert(
    fc.property(fc.array(turn, { maxLength: 60 }), (turns) => {
      const notices = Array.from({ length: 5 }, (_, n): Notice => ({
        ...notice,
        noticeId: `n-${n}`,
        loopId: `l-${n}`,
      }));
      let told = 0;
      for (const { which, succeeds, isMail } of turns) {
        const one = notices[which]!;
        if (one.state === 'handed-over') {
          // the connector answers
          if (succeeds) told += 1;
          const { askedAt: _none, ...unasked } = one;
          notices[which] = succeeds
            ? { ...one, state: 'sent' }
            : { ...unasked, state: 'pending', failed: [...one.failed, one.way!] };
          continue;
        }
        if (one.state !== 'pending') continue;
        const ways = { ...policy, cap: 0, waysOf: () => [isMail ? 'mail' : 'connector'] as const };
        const decided = tell(one, loop, [contact], notices, [], ways, now);
        if (decided.kind === 'skip') notices[which] = { ...one, state: 'skipped', reason: decided.reason };
        if (decided.kind !== 'tell') continue;
        const begun = { ...one, way: decided.way, askedAt: now };
        if (decided.way === 'connector') notices[which] = { ...begun, state: 'handed-over' };
        else if (succeeds) {
          told += 1;
          notices[which] = { ...begun, state: 'sent' };
        } else notices[which] = begun;
      }
      expect(told).toBeLessThanOrEqual(1);
      expect(notices.filter(({ state }) => state === 'sent')).toHaveLength(told);
    }),
  );
});

it('a message stands between words of the customer’s language, and no markup of it is a mail’s', () => {
  const words = { noticeId: 'n-1', text: 'Refunds <b>work</b>.\n\nThank you & sorry.', language: 'de', from: 'Huber' };
  expect(noticeTextOf(words)).toBe(
    'Sie haben uns etwas mitgeteilt, und es hat zu einer Änderung geführt:\n\n' + words.text + '\n\nHuber',
  );
  const { html, messageId, subject, text } = noticeMailOf(words);
  expect({ messageId, subject, text }).toEqual({
    ...{ messageId: '<n-1@closeloop>', subject: 'Wir haben Ihretwegen etwas geändert', text: noticeTextOf(words) },
  });
  expect(html).toContain('Refunds &#60;b&#62;work&#60;/b&#62;.');
  expect(html).not.toContain('<b>');
});
