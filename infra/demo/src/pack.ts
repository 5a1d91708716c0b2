import { readFileSync } from 'node:fs';
import { feedbackIdOf, feedbackInbound, type FeedbackInput } from '@closeloop/contracts';
import {
  sendBatches,
  sendCloudEvents,
  sendImport,
  sendOne,
  sendToKafka,
  sendWebhook,
  type Access,
} from './connectors.js';

/** How an item of the pack comes in. */
type Way = 'http' | 'batch' | 'webhook' | 'cloudevent' | 'import' | 'kafka';

/** A line of the pack; `raw` is sent as it stands, to show what becomes of poison. */
export type PackItem =
  | { via: Way; feedback: Omit<FeedbackInput, 'source' | 'channel'> & { externalId: string; channel: string } }
  | { via: 'kafka'; raw: string };

/** When the last of the pack was said. */
const packEnds = Date.parse('2026-03-04T11:00:00Z');
const dayMs = 86_400_000;

/** The pack as if it had just been said: its days are the last ones before `now`, so that what is looked at first shows it. */
export function readPack(now: Date): PackItem[] {
  const later = Math.floor((now.getTime() - packEnds) / dayMs) * dayMs;
  return readFileSync(new URL('../pack/hotel-and-airline.ndjson', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as PackItem)
    .map((item) => ('raw' in item ? item : { ...item, feedback: movedBy(later, item.feedback) }));
}

type Said = Exclude<PackItem, { raw: string }>['feedback'];

const movedBy = (ms: number, feedback: Said): Said => {
  const moved = (day: string): string => new Date(Date.parse(day) + ms).toISOString().slice(0, 10);
  const { occurredAt, updatedAt } = feedback;
  return {
    ...feedback,
    ...(occurredAt && { occurredAt: moved(occurredAt.slice(0, 10)) + occurredAt.slice(10) }),
    ...(updatedAt && { updatedAt: moved(updatedAt.slice(0, 10)) + updatedAt.slice(10) }),
  };
};

export interface PackAccess extends Access {
  brokers: string;
  topicPrefix: string;
  webhook: { connector: string; secret: string };
}

/** Sends each item in by its own way, in the order of the pack, one way after the other; returns how many. */
export async function sendPack(
  access: PackAccess,
  pack: readonly PackItem[],
  sent: (count: number) => void,
): Promise<number> {
  const by = (way: Way) => pack.flatMap((item) => (item.via === way && 'feedback' in item ? [item.feedback] : []));
  for (const feedback of by('http')) {
    await sendOne(access, feedback);
    sent(1);
  }
  await sendBatches(access, by('batch'), sent);
  for (const feedback of by('webhook')) {
    await sendWebhook(access, access.webhook.connector, access.webhook.secret, feedback);
    sent(1);
  }
  await sendCloudEvents(access, by('cloudevent'));
  sent(by('cloudevent').length);
  await sendImport(access, by('import'));
  sent(by('import').length);
  const messages = pack
    .filter((item) => item.via === 'kafka')
    .map((item) =>
      'raw' in item
        ? { key: 'poison', value: item.raw }
        : { key: item.feedback.externalId, value: JSON.stringify({ ...item.feedback, source: access.source }) },
    );
  await sendToKafka(access.brokers, access.topicPrefix + feedbackInbound.topic, messages);
  sent(messages.length);
  return pack.length;
}

/** The id by which to ask what became of an item; none for poison. */
export const idOf = (item: PackItem, source: string): string | undefined =>
  'raw' in item ? undefined : feedbackIdOf(source, item.feedback.externalId);
