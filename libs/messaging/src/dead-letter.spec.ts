import { deadLetterHeaders } from '@closeloop/contracts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type IHeaders, type KafkaMessage } from 'kafkajs';
import { deadLetterOf, readDeadLetter } from './dead-letter.js';
import { packHeaders, sizeOf, unpackHeaders } from './wire.js';

const place = { group: 'closeloop.routing', cluster: 'c1', topic: 'feedback.tagged.v1', partition: 3 };
const message = (value: string, headers: IHeaders = {}): KafkaMessage => ({
  key: Buffer.from('k'),
  value: Buffer.from(value),
  headers,
  offset: '42',
  timestamp: '1700000000000',
  attributes: 0,
});
const at = new Date('2026-01-02T03:04:05.678Z');
const failure = { reason: 'handler-error', message: 'it failed', stack: 'x'.repeat(20_000), attempts: 3 } as const;

describe('a dead letter', () => {
  it('has key, value and headers as they were, and says why and where', () => {
    const letter = deadLetterOf(
      message('{"a"', { ce_id: Buffer.from('e'), odd: [Buffer.from([255])] }),
      place,
      failure,
      at,
    );
    expect(letter).toMatchObject({
      topic: 'feedback.tagged.v1.dead-letter',
      key: Buffer.from('k'),
      value: Buffer.from('{"a"'),
      headers: {
        ce_id: Buffer.from('e'),
        odd: [Buffer.from([255])],
        dl_group: 'closeloop.routing',
        dl_topic: 'feedback.tagged.v1',
        dl_partition: '3',
        dl_offset: '42',
        dl_reason: 'handler-error',
        dl_message: 'it failed',
        dl_attempts: '3',
        dl_time: '2026-01-02T03:04:05.678Z',
      },
    });
    expect(Buffer.byteLength(letter.headers['dl_stack'] as string)).toBe(8 * 1024);
  });

  it.each(['constructor', 'toString', '__proto__'])(
    'keeps a header called %s, which kafkajs mixes with its own',
    (name) => {
      // As its decoder makes it: `[obj[key], value]` where obj has something of that name.
      const inherited = ({} as Record<string, unknown>)[name];
      const headers = { [name]: [inherited, Buffer.from('x')] } as unknown as IHeaders;
      const letter = deadLetterOf(message('x', headers), place, failure, at);
      expect(Object.entries(letter.headers).find(([header]) => header === name)).toEqual([name, Buffer.from('x')]);
      expect(sizeOf(letter)).toBeGreaterThan(0);
      expect(unpackHeaders(packHeaders(letter.headers))[name]).toBe('x');
    },
  );

  it('is read so that it can be stored, whatever its headers say', () => {
    const odd = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('+275760-09-13T00:00:00.000Z', '-271821-04-20T00:00:00Z', '0000-01-01', '\0', '999999999999999'),
      fc.nat().map(String),
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    );
    const headers = fc.record(Object.fromEntries(Object.values(deadLetterHeaders).map((name) => [name, odd])), {
      requiredKeys: [],
    });
    fc.assert(
      fc.property(headers, (given) => {
        const letter = readDeadLetter(message('x', given as IHeaders), 'feedback.tagged.v1.dead-letter', 0);
        expect(letter.time).toMatch(/^[1-9]\d{3}-/);
        for (const whole of [letter.partition, letter.attempts]) expect(whole).toBeLessThan(2 ** 31);
        expect(BigInt(letter.offset)).toBeLessThan(2n ** 63n);
        for (const text of [letter.id, letter.group, letter.topic, letter.reason]) expect(text).not.toContain('\0');
      }),
    );
  });

  it('cuts a stack between characters', () => {
    const stack = 'ü'.repeat(8 * 1024);
    const letter = deadLetterOf(message('x'), place, { ...failure, stack: `a${stack}` }, at);
    const cut = letter.headers['dl_stack'] as string;
    expect(`a${stack}`.startsWith(cut)).toBe(true);
    expect(Buffer.byteLength(cut)).toBe(8 * 1024 - 1);
  });

  it('has the same id for the same failure only', () => {
    const id = (value: string, where: Partial<typeof place> = {}) =>
      deadLetterOf(message(value), { ...place, ...where }, failure, at).headers['dl_id'];
    expect(id('a')).toBe(id('a'));
    const others = [
      id('b'),
      id('a', { group: 'g' }),
      id('a', { cluster: 'c2' }),
      id('a', { topic: 't' }),
      id('a', { partition: 4 }),
    ];
    expect(new Set([id('a'), ...others]).size).toBe(6);
  });

  it('is read as it was written, and what failed a second time tells of the second', () => {
    const first = deadLetterOf(message('v', { ce_id: 'e' }), place, failure, at);
    const again = deadLetterOf(
      { ...message('v', first.headers) },
      { ...place, partition: 5 },
      { reason: 'invalid-json', message: 'm', attempts: 0 },
      at,
    );
    expect(again.headers['dl_stack']).toBeUndefined();
    const read = readDeadLetter({ ...message('v', again.headers) }, 'feedback.tagged.v1.dead-letter', 0);
    expect(read).toEqual({
      id: again.headers['dl_id'],
      group: 'closeloop.routing',
      topic: 'feedback.tagged.v1',
      partition: 5,
      offset: '42',
      reason: 'invalid-json',
      message: 'm',
      attempts: 0,
      time: '2026-01-02T03:04:05.678Z',
      key: Buffer.from('k'),
      value: Buffer.from('v'),
      headers: { ce_id: 'e' },
      wireHeaders: { ce_id: 'e' },
    });
  });
});
