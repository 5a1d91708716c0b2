import { type FeedbackRouted } from '@closeloop/contracts';
import { type Loop } from '../domain/loop.js';
import { type ReadFeedback } from '../domain/loop-store.js';
import { type Value } from '../domain/template.js';

/** What is kept of a feedback in `words`; undefined once it was erased. */
export const keptOf = (read: ReadFeedback | undefined) =>
  read?.words as Pick<FeedbackRouted, 'feedback' | 'tags'> | undefined;

/** BCP 47; undefined where nobody can tell. */
export function languageOf(read: ReadFeedback | undefined): string | undefined {
  const tag = keptOf(read)?.tags?.language?.tag;
  const isOne =
    tag !== undefined && tag !== 'und' && tag.length <= 35 && /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/.test(tag);
  return isOne ? tag : undefined;
}

/** The well-known variables of a template, as far as the feedback says what they stand for. */
export function knownValuesOf(loop: Loop, read: ReadFeedback | undefined): Record<string, Value> {
  const feedback = keptOf(read)?.feedback;
  const values: Record<string, Value | null | undefined> = {
    team: loop.team,
    channel: feedback?.channel ?? loop.channel,
    customerName: feedback?.author?.name,
    product: feedback?.product,
    location: feedback?.location,
    rating: feedback?.rating?.value,
    ratingScale: feedback?.rating?.scale,
    occurredOn: (feedback?.occurredAt ?? feedback?.receivedAt)?.slice(0, 10),
  };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value != null && value !== '')) as Record<
    string,
    Value
  >;
}
