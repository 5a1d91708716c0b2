import { urgencyLevels, type Sentiment, type Urgency } from '@closeloop/contracts';
import { PhraseMatcher } from '../text/phrases.js';
import type { Token } from '../text/tokens.js';
import type { UrgencyPack } from '../topics/packs.js';

/** Set by hand: no set that may train has urgency. */
const confidences = { reasons: 0.7, none: 0.8 } as const;
/** A text that is so likely good tells of what went well: "the ambulance came at once". */
const praiseFrom = 0.6;

/** How soon somebody should look, and why. */
export class UrgencyJudge {
  readonly #matcher: PhraseMatcher<number>;

  constructor(private readonly pack: UrgencyPack) {
    this.#matcher = new PhraseMatcher(
      pack.reasons.flatMap(({ phrases }, value) => phrases.map((phrase) => ({ phrase, value }))),
    );
  }

  /** The highest level of its reasons, one more where there are two or more; low without any, and where the text is praise. */
  judge(tokens: readonly Token[], { label, confidence }: Sentiment): Urgency {
    const found = new Set(this.#matcher.matches(tokens).map(({ value }) => value));
    const isPraise = label === 'positive' && confidence >= praiseFrom;
    if (found.size === 0 || isPraise) return { level: 'low', reasons: [], confidence: confidences.none };
    const reasons = [...found].map((at) => this.pack.reasons[at]!);
    const highest = Math.max(...reasons.map(({ level }) => urgencyLevels.indexOf(level)));
    const level = urgencyLevels[Math.min(urgencyLevels.length - 1, highest + (reasons.length > 1 ? 1 : 0))]!;
    return { level, reasons: reasons.map(({ name }) => name), confidence: confidences.reasons };
  }
}
