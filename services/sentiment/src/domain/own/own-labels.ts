import { intentNames, type Intent, type IntentName, type Topic } from '@closeloop/contracts';
import { labelClassifier } from '../intent/learn-labels.js';
import type { TextClassifier } from '../learning/text-classifier.js';
import { noIntent, type OwnParts } from './own-model.js';

/** So sure an intent is taken, and so sure what phrases and sentiment say is taken back. */
const sure = { intent: 0.7, none: 0.95 };
/** What a phrase has found is doubted below the one, and what none has found believed from the other on. */
const topicShares = { doubted: 0.2, believed: 0.5 };
const mostTopics = 10;

const three = (value: number): number => Math.round(value * 1000) / 1000;

/** Topics and intents as a company's own examples have taught them, beside what phrases find. */
export class OwnLabels {
  readonly #intents: TextClassifier | undefined;
  readonly #topics: readonly { readonly name: string; readonly classifier: TextClassifier; readonly yes: number }[];

  /** @param takesBack whether what phrases find is taken back where it is doubted: of what was tried before it judges */
  constructor(
    { intents, topics }: OwnParts,
    private readonly takesBack: boolean,
  ) {
    this.#intents = intents && labelClassifier(intents);
    this.#topics = [...(topics ?? [])].map(([name, model]) => ({
      name,
      classifier: labelClassifier(model),
      yes: model.classes.indexOf('yes'),
    }));
  }

  /** @param found what the phrases have found; the learned topics confirm it, take it back, and add to it */
  topics(written: string, found: readonly Topic[]): Topic[] {
    if (this.#topics.length === 0) return [...found];
    const topics = new Map(found.map((topic) => [topic.name, topic]));
    for (const { name, classifier, yes } of this.#topics) {
      const share = classifier.shares(written)[yes]!;
      const known = topics.get(name);
      if (known ? this.takesBack && share < topicShares.doubted : share < topicShares.believed) topics.delete(name);
      else topics.set(name, { ...known, name, confidence: three(Math.max(share, known?.confidence ?? 0)) });
    }
    return [...topics.values()].sort((one, other) => other.confidence - one.confidence).slice(0, mostTopics);
  }

  /** @param found what phrases and sentiment say; it stands where the learned ones are not sure */
  intent(written: string, found: Intent | undefined): Intent | undefined {
    if (!this.#intents) return found;
    const { model } = this.#intents;
    const shares = [...this.#intents.shares(written)];
    const share = Math.max(...shares);
    const name = model.classes[shares.indexOf(share)]!;
    if (share < (name === noIntent ? sure.none : sure.intent)) return found;
    if (name === noIntent) return undefined;
    return isIntent(name) ? { name, confidence: three(share) } : found;
  }
}

const isIntent = (name: string): name is IntentName => (intentNames as readonly string[]).includes(name);
