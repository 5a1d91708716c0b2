import type { LetterStanding } from './dead-letters.js';

/** What a request to replay made of one letter. */
export const replayResults = [
  'sent',
  'settled',
  'discarded',
  'under-way',
  'failed-again',
  'erased',
  'too-large',
  'unknown',
] as const;
export type ReplayResult = (typeof replayResults)[number];

/** What a request to discard made of one letter. */
export const discardResults = ['discarded', 'settled', 'already-discarded', 'unknown'] as const;
export type DiscardResult = (typeof discardResults)[number];

/** A topic takes a mebibyte; what replay adds to the headers, and how Kafka packs it, has to fit as well. */
export const maxReplayBytes = 1024 * 1024 - 16 * 1024;

/**
 * Whether a letter is sent again, or why not. Asked twice it is sent once: `again` sends also what is under way, and takes
 * back that it was discarded. What is settled is never sent.
 */
export function replayOf(letter: LetterStanding | undefined, again: boolean): ReplayResult {
  if (!letter) return 'unknown';
  if (letter.state === 'settled') return 'settled';
  if (letter.erased) return 'erased';
  if (letter.bytes > maxReplayBytes) return 'too-large';
  if (again) return 'sent';
  if (letter.state === 'discarded') return 'discarded';
  if (letter.failedAs !== undefined) return 'failed-again';
  return letter.replayed ? 'under-way' : 'sent';
}

export function discardOf(letter: LetterStanding | undefined): DiscardResult {
  if (!letter) return 'unknown';
  if (letter.state === 'settled') return 'settled';
  return letter.state === 'discarded' ? 'already-discarded' : 'discarded';
}

const prefix = 'dead-letter:';
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The resend header of a letter that is replayed: what comes of it names the letter. */
export const resendOf = (letterId: string): string => prefix + letterId;

/** The letter that an event with this resend header came out of; undefined for one that came out of none. */
export function replayedLetterOf(resend: string | undefined): string | undefined {
  const id = resend?.startsWith(prefix) ? resend.slice(prefix.length) : undefined;
  return id !== undefined && uuid.test(id) ? id : undefined;
}
