import { Injectable } from '@nestjs/common';
import { Problem } from '@closeloop/platform';
import { type Actor } from '../domain/actor.js';
import { DeadLetters, type LetterFilter, type LetterPlace } from '../domain/dead-letters.js';
import { discardOf, replayOf, type DiscardResult, type ReplayResult } from '../domain/letter-replay.js';
import { placeOf } from './read-dead-letters.handler.js';

/** Most letters of one request. */
export const maxLetters = 200;
/** Letters that are held in memory at once: each may have a mebibyte. */
const atOnce = 16;

/** Which letters a request is about: those, or the oldest that the filter finds. */
export type Chosen =
  { readonly ids: readonly string[] } | { readonly filter: LetterFilter; readonly after?: LetterPlace };

export interface Done<Result> {
  readonly results: readonly { readonly id: string; readonly result: Result; readonly failedAs?: string }[];
  /** How many the filter finds after these; 0 for ids */
  readonly remaining: number;
  /** Where to go on; absent where nothing remains */
  readonly next?: LetterPlace;
}

/** Sends dead letters again, or notes that nobody will. */
@Injectable()
export class ReplayDeadLettersHandler {
  constructor(private readonly letters: DeadLetters) {}

  /** @throws Problem `backlog-full` while the outbox has no room; what was sent before stays sent */
  async replay(chosen: Chosen, again: boolean, actor: Actor): Promise<Done<ReplayResult>> {
    return this.each(chosen, (ids) => {
      if (this.letters.isFull())
        throw new Problem('backlog-full', 'Too much waits to be sent.', { headers: { 'retry-after': '5' } });
      return this.letters.transaction(async (transaction) => {
        const standings = await transaction.lock(ids);
        const results = ids.map((id) => {
          const standing = standings.get(id);
          const result = replayOf(standing, again);
          return { id, result, ...(result === 'failed-again' && standing && { failedAs: standing.failedAs! }) };
        });
        const sent = results.flatMap(({ id, result }) => (result === 'sent' ? [standings.get(id)!] : []));
        await transaction.resend(sent, actor);
        return results;
      });
    });
  }

  async discard(chosen: Chosen, reason: string, actor: Actor): Promise<Done<DiscardResult>> {
    return this.each(chosen, (ids) =>
      this.letters.transaction(async (transaction) => {
        const standings = await transaction.lock(ids);
        const results = ids.map((id) => ({ id, result: discardOf(standings.get(id)) }));
        const discarded = results.flatMap(({ id, result }) => (result === 'discarded' ? [standings.get(id)!] : []));
        await transaction.discard(discarded, actor, reason);
        return results;
      }),
    );
  }

  private async each<Result>(
    chosen: Chosen,
    work: (ids: readonly string[]) => Promise<readonly { id: string; result: Result; failedAs?: string }[]>,
  ): Promise<Done<Result>> {
    const { ids, filter, last } = await this.idsOf(chosen);
    const results: { id: string; result: Result; failedAs?: string }[] = [];
    try {
      for (let at = 0; at < ids.length; at += atOnce) results.push(...(await work(ids.slice(at, at + atOnce))));
    } finally {
      this.letters.wake();
    }
    const remaining = filter && last ? await this.letters.count(filter, last) : 0;
    return { results, remaining, ...(remaining > 0 && last && { next: last }) };
  }

  private async idsOf(chosen: Chosen): Promise<{ ids: readonly string[]; filter?: LetterFilter; last?: LetterPlace }> {
    if ('ids' in chosen) return { ids: [...new Set(chosen.ids)] };
    const { filter, after } = chosen;
    const found = await this.letters.page(filter, after, maxLetters);
    const last = found.at(-1);
    return { ids: found.map(({ id }) => id), filter, ...(last && { last: placeOf(last) }) };
  }
}
