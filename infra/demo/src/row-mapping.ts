import { channels, type FeedbackInput } from '@closeloop/contracts';

/** A row of a file as it was read: NDJSON keeps its types, CSV has strings only. */
export type Row = Readonly<Record<string, unknown>>;

/** Columns whose name is a field of a feedback, and go there as they are. */
const sameName = [
  'title',
  'text',
  'customerKey',
  'url',
  'inReplyTo',
  'thread',
  'location',
  'touchpoint',
  'journeyStage',
  'languageHint',
] as const;

/** Columns that name what the feedback is about, where there is no `product`. */
const productColumns = ['product', 'app', 'airline', 'brand'] as const;

const isBlank = (value: unknown): boolean => value === null || value === undefined || value === '';

/**
 * Reads a time as files have it, in UTC where no offset is given: RFC 3339, `yyyy-mm-dd hh:mm[:ss]`, `dd-mm-yyyy hh:mm[:ss]`,
 * seconds or milliseconds since 1970. Undefined where it is none of these.
 */
export function readTime(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isFinite(value) && value > 1e8) {
    return new Date(value < 1e11 ? value * 1000 : value).toISOString();
  }
  if (typeof value !== 'string') return undefined;
  const dayFirst = /^(\d\d)-(\d\d)-(\d{4})(?:[ T](\d\d:\d\d(?::\d\d)?))?$/.exec(value);
  const yearFirst = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?))?(Z|[+-]\d\d:\d\d)?$/.exec(value);
  const date = dayFirst
    ? `${dayFirst[3]}-${dayFirst[2]}-${dayFirst[1]}`
    : yearFirst && `${yearFirst[1]}-${yearFirst[2]}-${yearFirst[3]}`;
  if (!date) return undefined;
  const time = new Date(`${date}T${dayFirst?.[4] ?? yearFirst?.[4] ?? '00:00'}${yearFirst?.[5] ?? 'Z'}`);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

const asNumber = (value: unknown): number | undefined => {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
};

/** An attribute as the contract allows it: text, a number or yes/no; what is nested becomes its JSON. */
const asAttribute = (value: unknown): string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : JSON.stringify(value);

/**
 * A row of somebody's file as a feedback: `id`, `text`, `rating` (of 5, or of `ratingScale`), `created`, `updated`, `lang`,
 * `author`, `channel`, `product` (or `app`, `airline`, `brand`) and the fields that a feedback has by that name; whatever is left becomes an attribute, nothing is
 * dropped but empty cells. Equal rows give equal feedback.
 */
export function feedbackOf(row: Row): FeedbackInput {
  const left = new Map(Object.entries(row).filter(([, value]) => !isBlank(value)));
  const take = (column: string): unknown => {
    const value = left.get(column);
    left.delete(column);
    return value;
  };
  const feedback: Record<string, unknown> = {};

  const id = take('id') ?? take('externalId');
  if (id !== undefined) feedback.externalId = String(asAttribute(id));

  const rating = asNumber(left.get('rating'));
  if (rating !== undefined) {
    left.delete('rating');
    feedback.rating = { value: rating, scale: asNumber(take('ratingScale')) ?? 5 };
  }

  const channel = left.get('channel');
  if (channels.some((known) => known === channel)) feedback.channel = take('channel');
  else feedback.channel = rating === undefined ? 'social' : 'review';

  for (const [column, field] of [
    ['created', 'occurredAt'],
    ['occurredAt', 'occurredAt'],
    ['updated', 'updatedAt'],
    ['updatedAt', 'updatedAt'],
  ] as const) {
    const time = readTime(left.get(column));
    if (time !== undefined) {
      left.delete(column);
      feedback[field] = time;
    }
  }

  const language = take('lang') ?? take('language');
  if (typeof language === 'string') feedback.languageHint = language;
  const author = take('author');
  if (author !== undefined) feedback.author = typeof author === 'object' ? author : { externalId: asAttribute(author) };

  const product = productColumns.find((column) => left.has(column));
  if (product) feedback.product = String(asAttribute(take(product)));

  for (const field of sameName) {
    const value = take(field);
    if (value !== undefined) feedback[field] = value;
  }
  if (left.size > 0) {
    feedback.attributes = Object.fromEntries([...left].map(([column, value]) => [column, asAttribute(value)]));
  }
  return feedback as unknown as FeedbackInput;
}
