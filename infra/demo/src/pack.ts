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

export const readPack = (): PackItem[] =>
  readFileSync(new URL('../pack/hotel-and-airline.ndjson', import.meta.url), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as PackItem);

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
