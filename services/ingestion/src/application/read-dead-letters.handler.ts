import { Injectable } from '@nestjs/common';
import { Problem } from '@closeloop/platform';
import { type Actor } from '../domain/actor.js';
import {
  DeadLetters,
  type LetterFilter,
  type LetterPlace,
  type LetterView,
  type Shown,
  type WholeLetter,
} from '../domain/dead-letters.js';

/** Dead letters, for those who look after them. */
@Injectable()
export class ReadDeadLettersHandler {
  constructor(private readonly letters: DeadLetters) {}

  /** A page, oldest first, and where the next one begins. */
  async page(
    filter: LetterFilter,
    after: LetterPlace | undefined,
    limit: number,
  ): Promise<{ items: LetterView[]; next?: LetterPlace }> {
    // one more tells whether there is a next page
    const found = await this.letters.page(filter, after, limit + 1);
    const items = found.slice(0, limit);
    const last = items.at(-1);
    return { items, ...(found.length > limit && last && { next: placeOf(last) }) };
  }

  /** @throws Problem `not-found` */
  async one(id: string): Promise<WholeLetter> {
    const letter = await this.letters.one(id);
    if (!letter) throw new Problem('not-found', 'There is no such dead letter.');
    return letter;
  }

  /** With its value: that somebody saw it is audited. @throws Problem `not-found` */
  async whole(id: string, actor: Actor): Promise<WholeLetter & { value: Shown | null }> {
    const letter = await this.one(id);
    return { ...letter, value: await this.letters.value(id, actor) };
  }
}

export const placeOf = ({ id, diedAt }: LetterView): LetterPlace => ({ id, diedAt: new Date(diedAt) });
