import {
  type EmotionName,
  type Feedback,
  type IntentName,
  type Sentiment,
  type SentimentLabel,
  type Tags,
  type UrgencyLevel,
} from '@closeloop/contracts';
import { isContradicted } from '../sentiment/rating-sentiment.js';

/** What a person says of a feedback. What is not there is left as it stands. */
export interface TagCorrection {
  /** BCP 47 */
  readonly language?: string;
  readonly sentiment?: SentimentLabel;
  readonly emotions?: readonly EmotionName[];
  /** All of them: one that is not among them is taken back */
  readonly topics?: readonly { readonly name: string; readonly sentiment?: SentimentLabel }[];
  /** null: for nothing that can be told */
  readonly intent?: IntentName | null;
  readonly urgency?: UrgencyLevel;
  readonly spamOrEmpty?: boolean;
}

const sure = 1;
const scores: Readonly<Record<SentimentLabel, number>> = { negative: -1, neutral: 0, positive: 1, mixed: 0 };

/** What a person says is sure; how good or bad it is stays where the label was right. */
const said = (label: SentimentLabel, known: Sentiment | undefined): Sentiment => ({
  label,
  score: known?.label === label ? known.score : scores[label],
  confidence: sure,
});

/**
 * The tags with what a person says of them. The model stays named: it has judged the rest. What showed why the sentiment was what it is no
 * more goes with it.
 */
export function correctTags(
  tags: Tags,
  correction: TagCorrection,
  feedback: Pick<Feedback, 'rating' | 'survey'>,
): Tags {
  const { language, sentiment, emotions, topics, intent, urgency, spamOrEmpty } = correction;
  const corrected: Tags = { ...tags, taggedBy: 'human' };
  if (language !== undefined) corrected.language = { tag: language, confidence: sure };
  if (sentiment !== undefined) {
    corrected.sentiment = said(sentiment, tags.sentiment);
    if (tags.sentiment?.label !== sentiment) delete corrected.evidence;
    const mismatch = isContradicted(corrected.sentiment, feedback);
    if (mismatch === undefined) delete corrected.ratingMismatch;
    else corrected.ratingMismatch = mismatch;
  }
  if (emotions !== undefined) corrected.emotions = emotions.map((name) => ({ name, confidence: sure }));
  if (topics !== undefined) {
    corrected.topics = topics.map(({ name, sentiment: label }) => {
      const known = tags.topics?.find((topic) => topic.name === name)?.sentiment;
      const of = label === undefined ? known : said(label, known);
      return { name, confidence: sure, ...(of && { sentiment: of }) };
    });
  }
  if (intent === null) delete corrected.intent;
  else if (intent !== undefined) corrected.intent = { name: intent, confidence: sure };
  if (urgency !== undefined) {
    const reasons = tags.urgency?.level === urgency ? tags.urgency.reasons : [];
    corrected.urgency = { level: urgency, reasons, confidence: sure };
  }
  if (spamOrEmpty !== undefined) corrected.spamOrEmpty = spamOrEmpty;
  return corrected;
}
