import type { Topic } from '@closeloop/contracts';
import type { SentimentJudgement, Shares } from '../sentiment/judge-sentiment.js';
import { sentimentOfShares } from '../sentiment/sentiment-of-shares.js';
import { PhraseMatcher } from '../text/phrases.js';
import type { Token } from '../text/tokens.js';
import type { TopicPack } from './packs.js';

const mostTopics = 10;
/** By how many phrases speak of it, one of several words counted as two: 1 to 3 and more. Set by hand: no set that may train has topics. */
const confidences = [0.6, 0.75, 0.85] as const;

/** Finds what a text speaks of by the phrases of its packs. */
export class TopicFinder {
  readonly #matcher: PhraseMatcher<string>;

  constructor(packs: readonly TopicPack[]) {
    this.#matcher = new PhraseMatcher(
      packs.flatMap(({ topics }) =>
        topics.flatMap(({ name, phrases }) => phrases.map((phrase) => ({ phrase, value: name }))),
      ),
    );
  }

  /** Each with the sentiment of the clauses that speak of it; the surest first. */
  find(tokens: readonly Token[], { clauses }: SentimentJudgement): Topic[] {
    const found = new Map<string, { strength: number; phrases: Set<string>; clauses: Set<number> }>();
    for (const { value, from, to } of this.#matcher.matches(tokens)) {
      let topic = found.get(value);
      if (!topic) found.set(value, (topic = { strength: 0, phrases: new Set(), clauses: new Set() }));
      const phrase = tokens
        .slice(from, to)
        .map(({ text }) => text)
        .join(' ');
      if (!topic.phrases.has(phrase)) topic.strength += Math.min(2, to - from);
      topic.phrases.add(phrase);
      const clause = clauses.findIndex((one) => from >= one.clause.from && from < one.clause.to);
      if (clause >= 0) topic.clauses.add(clause);
    }
    return [...found]
      .map(([name, { strength, clauses: of }]): Topic => {
        const confidence = confidences[Math.min(confidences.length, strength) - 1]!;
        const sentiment = meanOf([...of].map((at) => clauses[at]!.shares));
        return { name, confidence, ...(sentiment && { sentiment: sentimentOfShares(sentiment) }) };
      })
      .sort((one, other) => other.confidence - one.confidence)
      .slice(0, mostTopics);
  }
}

function meanOf(all: readonly Shares[]): Shares | undefined {
  if (all.length === 0) return undefined;
  const mean = [0, 0, 0];
  for (const shares of all) shares.forEach((share, k) => (mean[k]! += share / all.length));
  return [mean[0]!, mean[1]!, mean[2]!];
}
