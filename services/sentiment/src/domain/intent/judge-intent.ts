import type { Intent, Sentiment } from '@closeloop/contracts';
import { PhraseMatcher } from '../text/phrases.js';
import type { Token } from '../text/tokens.js';
import type { IntentPack } from '../topics/packs.js';

/** Set by hand: no set that may train has these intents. */
const phraseConfidence = 0.7;
const questionMarkConfidence = 0.6;
/** A text that is so likely good or bad is praise or a complaint. */
const clearFrom = 0.5;

/** Says what a text is for: by its phrases, else by its question mark, else by its sentiment. */
export class IntentJudge {
  readonly #matcher: PhraseMatcher<number>;

  constructor(private readonly pack: IntentPack) {
    this.#matcher = new PhraseMatcher(
      pack.intents.flatMap(({ phrases }, value) => phrases.map((phrase) => ({ phrase, value }))),
    );
  }

  /** Undefined where it is for nothing that can be told. */
  judge(tokens: readonly Token[], sentiment: Sentiment): Intent | undefined {
    const first = Math.min(...this.#matcher.matches(tokens).map(({ value }) => value));
    const asked = tokens.some(({ kind, text }) => kind === 'stop' && text === '?');
    const name = this.pack.intents[first]?.name;
    // "What a day" asks nothing
    if (name && (name !== 'question' || asked)) return { name, confidence: phraseConfidence };
    if (asked && sentiment.label !== 'negative') return { name: 'question', confidence: questionMarkConfidence };
    const { label, confidence, score } = sentiment;
    if (label === 'mixed') return score < 0 ? { name: 'complaint', confidence } : undefined;
    if (label === 'neutral' || confidence < clearFrom) return undefined;
    return { name: label === 'negative' ? 'complaint' : 'praise', confidence };
  }
}
