import { Injectable } from '@nestjs/common';
import { LoopStore } from '../domain/loop-store.js';
import { mayCommand, mayRead, type Person } from '../domain/permission.js';
import { suggest, type Suggestion } from '../domain/suggestion.js';
import { SuggestionStore } from '../domain/suggestion-store.js';

/** Most past answers that are compared. */
const mostCandidates = 200;

export type SuggestResult =
  | { readonly kind: 'found'; readonly suggestions: readonly Suggestion[] }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'not-yours' }
  | { readonly kind: 'not-in-it' };

/** What the team has answered to feedback like this one: to be read and chosen by a person, never sent by itself. */
@Injectable()
export class SuggestAnswers {
  constructor(
    private readonly loops: LoopStore,
    private readonly store: SuggestionStore,
  ) {}

  async handle(person: Person, loopId: string, feedbackId?: string): Promise<SuggestResult> {
    const read = await this.loops.run(async (tx) => {
      const loop = await tx.find(loopId);
      return { loop, feedback: loop ? await tx.feedbackOf(loopId) : [] };
    });
    const { loop, feedback } = read;
    if (!loop || !mayRead(person, loop)) return { kind: 'unknown' };
    if (!mayCommand(person, loop, 'respond')) return { kind: 'not-yours' };
    const asked =
      feedbackId === undefined ? feedback.at(-1) : feedback.find((one) => one.feedback.feedbackId === feedbackId);
    if (!asked) return { kind: 'not-in-it' };
    const words = await this.store.wordsOf(asked.feedback.feedbackId);
    if (!words || words.size === 0) return { kind: 'found', suggestions: [] };
    const candidates = await this.store.candidates(loop, words, mostCandidates);
    return { kind: 'found', suggestions: suggest(words, candidates) };
  }
}
