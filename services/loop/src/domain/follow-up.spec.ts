import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { filled, followUpTexts, textsOf } from './follow-up-language.js';
import { mailOf, messageOf } from './follow-up-message.js';
import {
  followUpChange,
  followUpIdOf,
  handOver,
  isAddress,
  isScore,
  messageIdOf,
  retryAt,
  verdictOf,
  type Asked,
  type Contact,
  type FollowUp,
  type FollowUpPolicy,
} from './follow-up.js';
import { quietHoursOf } from './quiet-hours.js';

const loopId = '0b54bb3e-0000-5000-8000-000000000001';
const now = new Date('2026-06-01T12:00:00Z');
const followUp: FollowUp = {
  ...{ followUpId: followUpIdOf(loopId, 1), loopId, cycle: 1, state: 'pending', attempts: 0 },
  ...{ requestedAt: now, dueAt: now, expiresAt: new Date('2026-06-15T12:00:00Z') },
};
const loop = { state: 'resolved', cycle: 1, team: 'support' } as const;
const contact: Contact = {
  ...{ feedbackId: 'a2d7c3f4-0000-5000-8000-000000000001', revision: 1, source: 'shop', channel: 'review' },
  email: 'ada@example.com',
};
const policy: FollowUpPolicy = {
  ...{ canMail: true, quiet: undefined, zone: 'UTC', cap: 1 },
  questionOf: () => 'csat',
  waysOf: ({ channel }) => (channel === 'chat' ? ['mail', 'connector'] : ['mail']),
};
const asked = (changes: Partial<Asked> = {}): Asked => ({
  ...{ id: followUpIdOf(loopId, 9), loopId: 'another', answered: false, askedAt: now },
  ...changes,
});

describe('a follow-up whose turn it is', () => {
  it('given an address, is a mail', () => {
    expect(handOver(followUp, loop, [contact], [], policy, now)).toEqual({
      ...{ kind: 'ask', way: 'mail', question: 'csat', contact },
    });
  });
  it('given a loop that has moved on, is void', () => {
    for (const state of ['verified', 'closed-unverified', 'withdrawn', 'reopened'] as const) {
      expect(handOver(followUp, { ...loop, state }, [contact], [], policy, now)).toEqual({ kind: 'void' });
    }
    // resolved again: that cycle has a follow-up of its own
    expect(handOver(followUp, { ...loop, cycle: 2 }, [contact], [], policy, now)).toEqual({ kind: 'void' });
  });
  it('given no time any more, a team that asks nothing, or nobody to be reached, is skipped', () => {
    const skipped = (reason: string) => ({ kind: 'skip', reason });
    expect(handOver(followUp, loop, [contact], [], policy, followUp.expiresAt)).toEqual(skipped('too-late'));
    expect(handOver(followUp, loop, [contact], [], { ...policy, questionOf: () => undefined }, now)).toEqual(
      skipped('off'),
    );
    const { email: _email, ...silent } = contact;
    for (const contacts of [[], [silent], [{ ...contact, email: 'a@b.example, c@d.example' }]]) {
      expect(handOver(followUp, loop, contacts, [], policy, now)).toEqual(skipped('not-reachable'));
    }
    expect(handOver(followUp, loop, [contact], [], { ...policy, canMail: false }, now)).toEqual(
      skipped('not-reachable'),
    );
  });
  it('given no address, goes by the connector where the channel is private; an older address comes first elsewhere', () => {
    const { email: _email, ...silent } = contact;
    const chat = { ...silent, channel: 'chat' };
    expect(handOver(followUp, loop, [chat], [], policy, now)).toMatchObject({ way: 'connector', contact: chat });
    expect(handOver(followUp, loop, [silent, contact], [], policy, now)).toMatchObject({ way: 'mail', contact });
    expect(handOver(followUp, loop, [{ ...chat, email: contact.email! }], [], policy, now)).toMatchObject({
      way: 'mail',
    });
  });
  it('given the customer’s night, waits for the morning; a zone that is none is the house’s', () => {
    const night = { ...policy, quiet: quietHoursOf('21:00-08:00') };
    expect(handOver(followUp, loop, [contact], [], night, now)).toMatchObject({ kind: 'ask' });
    const inAuckland = { ...contact, zone: 'Pacific/Auckland' };
    expect(handOver(followUp, loop, [inAuckland], [], night, now)).toEqual({
      ...{ kind: 'wait', until: new Date('2026-06-01T20:00:00Z') },
    });
    expect(handOver(followUp, loop, [{ ...contact, zone: 'nowhere' }], [], night, now)).toMatchObject({ kind: 'ask' });
  });
  it('given a customer who is not to be contacted, is skipped', () => {
    const optedOut = { ...contact, optedOut: true as const };
    expect(handOver(followUp, loop, [contact, optedOut], [], policy, now)).toEqual({
      kind: 'skip',
      reason: 'opted-out',
    });
  });

  it('given a customer who was asked as often as the cap allows, is skipped', () => {
    const capped = { kind: 'skip', reason: 'capped' };
    expect(handOver(followUp, loop, [contact], [asked()], policy, now)).toEqual(capped);
    expect(handOver(followUp, loop, [contact], [asked()], { ...policy, cap: 2 }, now)).toMatchObject({ kind: 'ask' });
    expect(handOver(followUp, loop, [contact], [asked()], { ...policy, cap: 0 }, now)).toMatchObject({ kind: 'ask' });
    // whoever said no about the same matter is asked again when it is mended; whoever said nothing is not
    const before = { loopId, id: followUpIdOf(loopId, 0) };
    expect(handOver(followUp, loop, [contact], [asked({ ...before, answered: true })], policy, now)).toMatchObject({
      kind: 'ask',
    });
    expect(handOver(followUp, loop, [contact], [asked(before)], policy, now)).toEqual(capped);
    // its own first try
    const again = { ...followUp, askedAt: now, attempts: 1 };
    expect(handOver(again, loop, [contact], [asked({ loopId, id: again.followUpId })], policy, now)).toMatchObject({
      kind: 'ask',
    });
  });
});

describe('one after the other', () => {
  it('no customer is asked more often than the cap allows, whatever the order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 12 }), (cap, loops) => {
        const begun: Asked[] = [];
        for (let index = 0; index < loops; index++) {
          const one = { ...followUp, loopId: `loop-${index}`, followUpId: followUpIdOf(`loop-${index}`, 1) };
          if (handOver(one, loop, [contact], begun, { ...policy, cap }, now).kind === 'ask') {
            begun.push({ id: one.followUpId, loopId: one.loopId, answered: false, askedAt: now });
          }
        }
        expect(begun).toHaveLength(Math.min(cap, loops));
      }),
    );
  });
});

it('the same loop and cycle have one id, and one Message-ID', () => {
  expect(followUpIdOf(loopId, 1)).toBe(followUpIdOf(loopId, 1));
  expect(followUpIdOf(loopId, 2)).not.toBe(followUpIdOf(loopId, 1));
  expect(messageIdOf('x')).toBe('<x@closeloop>');
});

it('a loop that comes to be resolved requests one, and one that leaves takes it back', () => {
  const at = (state: 'responded' | 'resolved' | 'reopened' | 'verified', cycle = 1) => ({ state, cycle });
  expect(followUpChange(at('responded'), at('resolved'))).toEqual({ requested: true, left: false });
  expect(followUpChange(at('resolved'), at('resolved'))).toEqual({ requested: false, left: false });
  expect(followUpChange(at('resolved'), at('reopened', 2))).toEqual({ requested: false, left: true });
  expect(followUpChange(at('resolved'), at('verified'))).toEqual({ requested: false, left: true });
  expect(followUpChange(at('resolved'), at('resolved', 2))).toEqual({ requested: true, left: true });
});

describe('scores', () => {
  it.each([
    ['csat', 'object object neutral confirm confirm'],
    ['ces', 'object object object neutral confirm confirm confirm'],
  ] as const)('of %s are %s', (question, verdicts) => {
    const scores = verdicts.split(' ').map((_verdict, index) => index + 1);
    expect(scores.map((score) => verdictOf(question, score)).join(' ')).toBe(verdicts);
    expect(scores.every((score) => isScore(question, score))).toBe(true);
    for (const wrong of [0, scores.length + 1, 1.5, NaN, -1]) expect(isScore(question, wrong)).toBe(false);
  });
});

it('an address is one, and nothing that could be taken for more', () => {
  expect(['a@b', 'ada.l+x@mail.example.com', 'ü@bücher.example'].every(isAddress)).toBe(true);
  const others = [
    '',
    'a',
    '@b',
    'a@',
    'a@b,c@d',
    'Ada <a@b>',
    'a@b\r\nbcc: c@d',
    'a b@c',
    'a@b;c',
    `${'a'.repeat(260)}@b`,
  ];
  expect(others.some(isAddress)).toBe(false);
});

it('tries again after longer and longer pauses, an hour at most', () => {
  const minutes = (attempts: number, chance: number) =>
    (retryAt(now, attempts, chance).getTime() - now.getTime()) / 60_000;
  expect([1, 2, 3, 7, 50].map((attempts) => minutes(attempts, 0.5))).toEqual([1, 2, 4, 60, 60]);
  expect(minutes(1, 0)).toBe(0.75);
});

describe('the texts', () => {
  const keysOf = (value: unknown, path = ''): string[] =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([key, member]) => keysOf(member, `${path}/${key}`))
      : [path];
  it('are there in every language, each in its own words, with the same places', () => {
    const [english, ...others] = followUpTexts;
    expect(followUpTexts.map(({ language }) => language)).toEqual(['en', 'de', 'fr', 'es', 'it', 'pt', 'nl', 'ar']);
    const places = (value: unknown): string[] =>
      keysOf(value).map((path) => {
        const text = path
          .split('/')
          .slice(1)
          .reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], value);
        return `${path} ${[...String(text).matchAll(/\{\w+\}/g)].map(String).sort().join()}`;
      });
    for (const texts of others) {
      expect(places(texts)).toEqual(places(english));
      for (const part of ['mail', 'page'] as const) {
        const own = Object.values(texts[part]);
        expect(own.every((text) => text.trim() !== '' && !Object.values(english![part]).includes(text))).toBe(true);
      }
    }
  });
  it('are the customer’s, whatever the region; English for all others', () => {
    expect(['de-AT', 'PT-br', 'nl', 'ar-EG'].map((tag) => textsOf(tag).language)).toEqual(['de', 'pt', 'nl', 'ar']);
    expect(['ja', '', undefined, 'und'].map((tag) => textsOf(tag).language)).toEqual(['en', 'en', 'en', 'en']);
    expect(filled('{a} {b} {a}', { a: 1 })).toBe('1 {b} 1');
  });
});

describe('what is sent', () => {
  const asking = {
    ...({
      followUpId: followUp.followUpId,
      question: 'ces',
      language: 'de',
      link: 'https://c.example/f/token',
    } as const),
    expiresAt: new Date('2026-06-22T12:00:00Z'),
    from: 'Müller & <Söhne>',
  };
  it('by mail: a link for each score, in the customer’s language, what comes from elsewhere escaped', () => {
    const mail = mailOf(asking);
    expect(mail.messageId).toBe(`<${followUp.followUpId}@closeloop>`);
    expect(mail.text).toContain('Wie leicht war es');
    expect(mail.text).toContain('22. Juni 2026');
    for (let score = 1; score <= 7; score++) {
      expect(mail.text).toContain(`https://c.example/f/token?score=${score}`);
      expect(mail.html).toContain(`href="https://c.example/f/token?score=${score}"`);
    }
    expect(mail.html).toContain('Müller &#38; &#60;Söhne&#62;');
    expect(mail.html).not.toMatch(/<script|<img|<form|src=/);
    expect(mailOf({ ...asking, language: 'ar' }).html).toContain('<html lang="ar" dir="rtl">');
  });
  it('by a connector: one text with one link', () => {
    const text = messageOf(asking);
    expect(text.match(/https:\S+/g)).toEqual(['https://c.example/f/token']);
    expect(text).toContain('Wie leicht war es');
  });
});
