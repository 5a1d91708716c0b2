import { feedbackTagged, type Feedback, type Tags } from '@closeloop/contracts';
import { readLog } from '@closeloop/messaging';
import { Logger } from '@nestjs/common';

/** What the tagger said of the last revision of a feedback. */
export interface Tagged {
  readonly feedback: Feedback;
  readonly tags: Tags;
}

/** All that was tagged since a time, by feedback; deletions have no tags. */
export async function readTags(
  env: Readonly<Record<string, string | undefined>>,
  since: Date,
): Promise<ReadonlyMap<string, Tagged>> {
  // How kafkajs comes and goes is nothing to those who watch.
  Logger.overrideLogger(['warn', 'error', 'fatal']);
  const tagged = new Map<string, Tagged>();
  await readLog(env, 'demo', feedbackTagged, since, (events) => {
    for (const { data } of events) {
      const { feedback, tags } = data;
      if (tags) tagged.set(feedback.feedbackId, { feedback, tags });
      else tagged.delete(feedback.feedbackId);
    }
    return Promise.resolve();
  });
  return tagged;
}

/** In a few words: topics with their own sentiment, intent, urgency, and the words that weighed most; or that it abstains. */
export function tagsInWords({ feedback, tags }: Tagged): string {
  const { language, sentiment, topics = [], intent, urgency, evidence = [], ratingMismatch } = tags;
  if (tags.spamOrEmpty) return 'says nothing';
  const words = [`${language.tag} ${percent(language.confidence)}`];
  if (!sentiment) return [...words, 'abstains'].join(' · ');
  words.push(`${sentiment.label} ${percent(sentiment.confidence)}`);
  if (intent) words.push(intent.name);
  for (const topic of topics.slice(0, 2)) words.push(`${topic.name}${signs[topic.sentiment?.label ?? 'neutral']}`);
  if (urgency && urgency.level !== 'low') words.push(`${urgency.level}: ${urgency.reasons.join(', ')}`);
  if (ratingMismatch) words.push('the rating says otherwise');
  const seen = evidence
    .slice(0, 3)
    .map(({ field, start, end }) => (field === 'rating' ? '' : (feedback[field]?.slice(start, end) ?? '')))
    .filter((part) => part !== '');
  if (seen.length > 0) words.push(`by “${seen.join('”, “')}”`);
  return words.join(' · ');
}

const signs = { negative: ' −', neutral: '', positive: ' +', mixed: ' ±' } as const;
const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** How often each of them was said, and how often nothing was. */
export function countTags(all: Iterable<Tagged>): Readonly<
  Record<'topics' | 'intents' | 'urgency' | 'languages', Record<string, number>>
> & {
  readonly abstained: number;
} {
  const counts = { topics: {}, intents: {}, urgency: {}, languages: {} };
  let abstained = 0;
  const count = (of: Record<string, number>, name: string) => (of[name] = (of[name] ?? 0) + 1);
  for (const { tags } of all) {
    count(counts.languages, tags.language.tag);
    for (const { name } of tags.topics ?? []) count(counts.topics, name);
    if (tags.intent) count(counts.intents, tags.intent.name);
    if (tags.urgency) count(counts.urgency, tags.urgency.level);
    if (!tags.sentiment) abstained += 1;
  }
  return { ...counts, abstained };
}
