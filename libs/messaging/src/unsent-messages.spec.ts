import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { UnsentMessages } from './unsent-messages.js';
import { packHeaders, type WireMessage } from './wire.js';

const message = (size: number, headers: WireMessage['headers'] = { ce_id: 'a' }): WireMessage => ({
  topic: 'feedback.tagged.v1',
  key: null,
  value: Buffer.alloc(size),
  headers,
});
const kilobyte = 1024;
const label = (of: WireMessage): string => {
  const packed = packHeaders(of.headers);
  return `${packed.length},${of.value!.length},${of.topic},${packed.toString('utf8', 0, 56)}`;
};

describe('what was appended and not sent yet', () => {
  let unsent: UnsentMessages;
  const keep = (id: string, given: WireMessage) => unsent.keep(id, given, packHeaders(given.headers));
  beforeEach(() => {
    jest.useFakeTimers({ now: 0 });
    unsent = new UnsentMessages();
  });
  afterEach(() => void jest.useRealTimers());

  it('is found by its id where the label is its own, until it is forgotten', () => {
    const kept = message(3);
    keep('1', kept);
    expect(unsent.find('1', label(kept))).toBe(kept);
    expect(unsent.find('2', label(kept))).toBeUndefined();
    for (const other of [message(4), message(3, { ce_id: 'b' }), { ...kept, topic: 'feedback.routed.v1' }])
      expect(unsent.find('1', label(other))).toBeUndefined();
    unsent.forget(['2', '1']);
    expect(unsent.find('1', label(kept))).toBeUndefined();
  });

  it.each([
    ['of several bytes', { title: 'h\u00f6rt' }],
    ['that need an escape', { title: 'a "word"' }],
  ])('is not kept where its headers begin with characters %s', (_which, headers) => {
    keep('1', message(1, headers));
    expect(unsent.find('1', label(message(1, headers)))).toBeUndefined();
  });

  it('takes no more than its room, from which only what is stale goes', () => {
    const large = message(450 * kilobyte);
    for (const id of ['1', '2', '3', '4', '5', '6']) keep(id, large);
    const found = () => ['1', '2', '3', '4', '5', '6', '7'].filter((id) => unsent.find(id, label(large)));
    expect(found()).toEqual(['1', '2', '3', '4']);
    jest.advanceTimersByTime(6_000);
    keep('7', large);
    expect(found()).toEqual(['2', '3', '4', '7']);
    unsent.forget(['2']);
    keep('5', large);
    expect(found()).toEqual(['3', '4', '5', '7']);
  });
});
