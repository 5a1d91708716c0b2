import type { Evidence, Feedback, Sentiment, Tags } from '@closeloop/contracts';
import { judgeLanguage, type DetectLanguage } from './language.js';
import { scoreOf, weigh, type Lexicon, type Weight } from './lexicon-score.js';
import { sentimentOfRating } from './rating-sentiment.js';
import { labelScore } from './sentiment-label.js';
import type { Tagger } from './tagger.js';
import { isEmptyText } from './written-text.js';

/** Name and version of the rules of this folder; a change that changes tags is a new version. */
const textModel = 'lexicon-rules@1';
const ratingModel = 'rating-rules@1';

const mostEvidence = 5;

const judgeText = (feedback: Feedback, lexicon: Lexicon): { sentiment: Sentiment; evidence: Evidence[] } => {
  const title = weigh(feedback.title ?? '', lexicon);
  const text = weigh(feedback.text ?? '', lexicon);
  const weights: Weight[] = [...title.weights, ...text.weights];
  const evidenceIn = (field: 'title' | 'text', found: readonly Weight[]): Evidence[] =>
    found.map(({ start, end, weight }) => ({ field, start, end, weight: Math.round(weight * 100) / 100 }));
  const evidence = [...evidenceIn('title', title.weights), ...evidenceIn('text', text.weights)];
  return {
    sentiment: labelScore(scoreOf(weights, title.words + text.words), weights.length > 0),
    evidence: evidence.sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight)).slice(0, mostEvidence),
  };
};

const areOpposite = (one: Sentiment, other: Sentiment): boolean =>
  (one.label === 'negative' && other.label === 'positive') || (one.label === 'positive' && other.label === 'negative');

/**
 * The first tagger: English by a lexicon of words and emoji, every other language by its rating, and no sentiment where there
 * is neither.
 */
export class LexiconTagger implements Tagger {
  constructor(
    private readonly lexicon: Lexicon,
    /** Name and version of the lexicon, for the tags */
    private readonly lexiconName: string,
    private readonly detect: DetectLanguage,
  ) {}

  tag(feedback: Feedback): Tags {
    const written = feedback.title ? `${feedback.title}\n${feedback.text ?? ''}` : (feedback.text ?? '');
    const byRating = sentimentOfRating(feedback);
    const { guess, ...language } = isEmptyText(written)
      ? { tag: 'und', confidence: 0, guess: '' }
      : judgeLanguage(written, feedback.languageHint, this.detect);
    const base: Tags = { language, model: ratingModel, taggedBy: 'model' };

    if (isEmptyText(written)) {
      return byRating ? { ...base, sentiment: byRating } : { ...base, model: textModel, spamOrEmpty: true };
    }
    // An undetermined text is judged where it may be English, or emoji alone; a text of two languages by its English half.
    const readable = language.tag === 'en' || (language.tag === 'und' && (guess === 'en' || guess === ''));
    const byText = readable ? judgeText(feedback, this.lexicon) : undefined;
    const saysNothing = language.tag === 'und' && byText?.evidence.length === 0;
    if (!byText || saysNothing) {
      return byRating ? { ...base, sentiment: byRating } : { ...base, model: textModel, lexicon: this.lexiconName };
    }
    const tags: Tags = { ...base, sentiment: byText.sentiment, model: textModel, lexicon: this.lexiconName };
    if (byText.evidence.length > 0) tags.evidence = byText.evidence;
    if (byRating) tags.ratingMismatch = areOpposite(byText.sentiment, byRating);
    return tags;
  }
}
