import { describe, expect, it } from '@jest/globals';
import { type LetterStanding } from './dead-letters.js';
import { discardOf, maxReplayBytes, replayedLetterOf, replayOf, resendOf } from './letter-replay.js';

const letter = (more: Partial<LetterStanding> = {}): LetterStanding => ({
  id: '0b4e7a4e-94e9-5f4e-8a3c-1d1f6f2f3a4b',
  state: 'open',
  replayed: false,
  erased: false,
  bytes: 100,
  ...more,
});

describe('a replay', () => {
  it.each([
    ['an open letter', letter(), 'sent', 'sent'],
    ['none', undefined, 'unknown', 'unknown'],
    ['one that is settled', letter({ state: 'settled', replayed: true }), 'settled', 'settled'],
    ['one that is under way', letter({ state: 'replayed', replayed: true }), 'under-way', 'sent'],
    ['one that failed again', letter({ state: 'replayed', replayed: true, failedAs: 'b' }), 'failed-again', 'sent'],
    ['one that was discarded', letter({ state: 'discarded' }), 'discarded', 'sent'],
    ['one that was erased', letter({ erased: true }), 'erased', 'erased'],
    ['one that no topic takes any more', letter({ bytes: maxReplayBytes + 1 }), 'too-large', 'too-large'],
  ])('of %s', (_, given, once, again) => {
    expect(replayOf(given, false)).toBe(once);
    expect(replayOf(given, true)).toBe(again);
  });

  it('is named in what it sends, and read back from it', () => {
    const { id } = letter();
    expect(replayedLetterOf(resendOf(id))).toBe(id);
    for (const other of [undefined, '', 'republish:1', `dead-letter:${id}x`, 'dead-letter:', id]) {
      expect(replayedLetterOf(other)).toBeUndefined();
    }
  });
});

it.each([
  [letter(), 'discarded'],
  [letter({ state: 'replayed', replayed: true }), 'discarded'],
  [letter({ state: 'settled' }), 'settled'],
  [letter({ state: 'discarded' }), 'already-discarded'],
  [undefined, 'unknown'],
])('a letter may be discarded while nothing else closed it', (given, result) => {
  expect(discardOf(given)).toBe(result);
});
