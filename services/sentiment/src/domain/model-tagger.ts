import type { Evidence, Feedback, Sentiment, Tags } from '@closeloop/contracts';
import { emotionFeatures, judgeEmotions, type EmotionModel } from './emotions/judge-emotions.js';
import { IntentJudge } from './intent/judge-intent.js';
import {
  judgeLanguage,
  likeliestLanguage,
  type DetectLanguage,
  type LanguageModel,
} from './language/judge-language.js';
import type { TextClassifier } from './learning/text-classifier.js';
import { learnPacks } from './own/learn-own.js';
import { OwnLabels } from './own/own-labels.js';
import { taggerName, type OwnModel } from './own/own-model.js';
import { adaptedClassifier, type Base } from './sentiment/adapt-sentiment.js';
import { evidenceOf, type Weighed } from './sentiment/evidence.js';
import {
  contradictionOf,
  judgeSentiment,
  readEnglish,
  readOther,
  type ReadFeatures,
  type SentimentModel,
  type Shares,
  type Traces,
} from './sentiment/judge-sentiment.js';
import { emoticons, type Lexicon } from './sentiment/lexicon.js';
import { isContradicted, ratingShares, sentimentOfRating } from './sentiment/rating-sentiment.js';
import { sentimentOfShares } from './sentiment/sentiment-of-shares.js';
import { SpamJudge } from './spam/judge-spam.js';
import type { Tagger } from './tagger.js';
import { saysSomething, tokensOf, type Token } from './text/tokens.js';
import { writtenOf } from './text/written-text.js';
import { TopicFinder } from './topics/find-topics.js';
import type { IntentPack, PlainPack, SpamPack, TopicPack, UrgencyPack } from './topics/packs.js';
import { UrgencyJudge } from './urgency/judge-urgency.js';

/** What a tagger knows. */
export interface Knowledge {
  /** Name and version of the models, for the tags */
  readonly name: string;
  readonly language: LanguageModel;
  /** Of English */
  readonly sentiment: SentimentModel;
  /** Of German, French, Portuguese and Spanish */
  readonly otherSentiment: SentimentModel;
  readonly emotions: EmotionModel;
  readonly lexicon: Lexicon;
  /** Name and version of the lexicon, for the tags */
  readonly lexiconName: string;
  readonly topics: readonly TopicPack[];
  readonly intents: IntentPack;
  readonly urgency: UrgencyPack;
  readonly spam: SpamPack;
  /** What a model of one's own has to bear */
  readonly plain: PlainPack;
}

const ratingModel = 'rating-rules@1';
const otherLanguages = ['de', 'es', 'fr', 'pt'];

/** How much a rating counts beside the text: shares are multiplied by this power of its own. */
const ratingWeight = 0.5;

function withRating(shares: Shares, rated: Shares | undefined): Shares {
  if (!rated) return shares;
  const pooled = shares.map((share, k) => share * rated[k]! ** ratingWeight);
  const sum = pooled[0]! + pooled[1]! + pooled[2]!;
  return [pooled[0]! / sum, pooled[1]! / sum, pooled[2]! / sum];
}

/** What is made once of what a tagger knows. */
interface Parts {
  readonly english: ReadFeatures;
  readonly others: ReadonlyMap<string, ReadFeatures>;
  readonly topics: TopicFinder;
  readonly intents: IntentJudge;
  readonly urgency: UrgencyJudge;
  readonly spam: SpamJudge;
  /** Learned from the examples of the packs, where they have enough */
  readonly examples: OwnLabels;
}

const partsOf = ({ lexicon, topics, intents, urgency, spam }: Knowledge): Parts => ({
  english: readEnglish(lexicon),
  others: new Map(otherLanguages.map((language) => [language, readOther(language, lexicon)])),
  topics: new TopicFinder(topics),
  intents: new IntentJudge(intents),
  urgency: new UrgencyJudge(urgency),
  spam: new SpamJudge(spam),
  examples: new OwnLabels(learnPacks(topics, intents), false),
});

/**
 * English by all that it knows; German, French, Portuguese and Spanish by their sentiment model; every other language by its rating, and no
 * sentiment where there is none.
 */
export class ModelTagger implements Tagger {
  /** Of the models, for the tags */
  readonly name: string;
  readonly #ownSentiment: TextClassifier | undefined;
  readonly #ownLabels: OwnLabels | undefined;
  readonly #parts: Parts;

  /** @param parts of another tagger with the same knowledge: they take long to make */
  constructor(
    private readonly knowledge: Knowledge,
    private readonly detect: DetectLanguage,
    own?: OwnModel,
    parts: Parts = partsOf(knowledge),
  ) {
    this.name = taggerName(knowledge.name, own?.version);
    this.#parts = parts;
    this.#ownSentiment =
      own?.sentiment && adaptedClassifier(own.sentiment, knowledge.lexicon, (tokens) => this.baseOf(tokens));
    this.#ownLabels = own && new OwnLabels(own, true);
  }

  /** The same with what another company, or another version of this one, has taught; undefined: with what ships alone. */
  withOwn(own: OwnModel | undefined): ModelTagger {
    return new ModelTagger(this.knowledge, this.detect, own, this.#parts);
  }

  /** What its language is judged by, for adapting to build upon. Undefined where there is no model of the language. */
  baseOf(tokens: readonly Token[]): Base | undefined {
    const { language, sentiment, otherSentiment } = this.knowledge;
    const known = likeliestLanguage(tokens, language);
    if (known === 'en') return { model: sentiment, read: this.#parts.english };
    const read = this.#parts.others.get(known);
    return read && { model: otherSentiment, read };
  }

  tag(feedback: Feedback): Tags {
    const { name } = this;
    const { language: languageModel } = this.knowledge;
    const written = writtenOf(feedback);
    const byRating = sentimentOfRating(feedback);
    const tokens = tokensOf(written, emoticons);
    if (!saysSomething(tokens)) {
      const empty: Tags = { language: { tag: 'und', confidence: 0 }, model: ratingModel, taggedBy: 'model' };
      return byRating ? { ...empty, sentiment: byRating } : { ...empty, model: name, spamOrEmpty: true };
    }
    const { guess, ...language } = judgeLanguage(written, tokens, feedback.languageHint, languageModel, this.detect);
    const base: Tags = { language, model: name, taggedBy: 'model' };
    if (this.#parts.spam.isSpam(tokens)) base.spamOrEmpty = true;
    const read = this.#readerOf(language.tag, guess);
    if (!read) return byRating ? { ...base, model: ratingModel, sentiment: byRating } : base;
    return this.#judge(feedback, written, tokens, read, base, byRating);
  }

  /** An undetermined text is judged where it may be English, or emoji alone; a text of two languages by its English half. */
  #readerOf(tag: string, guess: string): ReadFeatures | undefined {
    const readable = tag === 'en' || (tag === 'und' && (guess === 'en' || guess === ''));
    return readable ? this.#parts.english : this.#parts.others.get(tag);
  }

  #judge(
    feedback: Feedback,
    written: string,
    tokens: readonly Token[],
    read: ReadFeatures,
    base: Tags,
    byRating: Sentiment | undefined,
  ): Tags {
    const { sentiment, otherSentiment, emotions, lexiconName: lexicon } = this.knowledge;
    const isEnglish = read === this.#parts.english;
    const model = isEnglish ? sentiment : otherSentiment;
    const traces: Traces = { places: [], weights: [] };
    const features = read(tokens, traces);
    const judgement = judgeSentiment(tokens, features, model, read);
    const contradiction = contradictionOf(judgement.clauses);
    const own = this.#ownSentiment?.shares(written);
    const whole: Shares = own ? [own[0]!, own[1]!, own[2]!] : judgement.whole;
    const byText = sentimentOfShares(whole, contradiction);
    const evidence = evidenceOf(tokens, features, traces, model.linear);
    // Nothing in it says anything, in no language
    if (base.language.tag === 'und' && evidence.length === 0) {
      return byRating ? { ...base, model: ratingModel, sentiment: byRating } : { ...base, lexicon };
    }
    const both = sentimentOfShares(withRating(whole, ratingShares(feedback)), contradiction);
    const tags: Tags = { ...base, sentiment: both, lexicon };
    let topics = isEnglish ? this.#parts.topics.find(tokens, judgement) : [];
    let intent = isEnglish ? this.#parts.intents.judge(tokens, both) : undefined;
    for (const learned of [isEnglish ? this.#parts.examples : undefined, this.#ownLabels]) {
      if (!learned) continue;
      topics = learned.topics(written, topics);
      intent = learned.intent(written, intent);
    }
    if (isEnglish) tags.emotions = judgeEmotions(emotionFeatures(tokens, features), emotions);
    if (topics.length > 0) tags.topics = topics;
    if (intent) tags.intent = intent;
    if (isEnglish) tags.urgency = this.#parts.urgency.judge(tokens, both);
    if (byRating) tags.ratingMismatch = isContradicted(byText, feedback)!;
    if (evidence.length > 0) tags.evidence = evidence.map((one) => placed(one, feedback.title));
    return tags;
  }
}

/** Title and text were judged as one, with a line's end between them. */
function placed({ start, end, weight }: Weighed, title: string | undefined): Evidence {
  if (!title) return { field: 'text', start, end, weight };
  if (start < title.length) return { field: 'title', start, end, weight };
  const before = title.length + 1;
  return { field: 'text', start: start - before, end: end - before, weight };
}
