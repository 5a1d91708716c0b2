/** Why an event could not be handled. */
export const deadLetterReasons = [
  'invalid-json',
  'invalid-schema',
  'unknown-type',
  'too-large',
  'forbidden-characters',
  'handler-error',
] as const;
export type DeadLetterReason = (typeof deadLetterReasons)[number];

/** Where what a group could not handle in a topic is kept: key, value and headers as they were, and the headers below. */
export const deadLetterTopic = (topic: string): string => `${topic}.dead-letter`;

/** Headers that a dead letter has beside those it came with. */
export const deadLetterHeaders = {
  /** v5 of group, cluster, topic, partition, offset and sha256 of the value: the same failure is one letter */
  id: 'dl_id',
  group: 'dl_group',
  topic: 'dl_topic',
  partition: 'dl_partition',
  offset: 'dl_offset',
  reason: 'dl_reason',
  message: 'dl_message',
  /** at most 8 KiB */
  stack: 'dl_stack',
  attempts: 'dl_attempts',
  time: 'dl_time',
} as const;

/** Set on an event that is replayed for one group; every other group skips it. */
export const replayGroupHeader = 'replay_group';

/**
 * Set on what is sent again on purpose, by a republish or the replay of a dead letter, and carried on by every step: who has settled it
 * before says so again, under the same id. Its value names the request.
 */
export const resendHeader = 'closeloop_resend';

const rebuildPrefix = 'rebuild:';
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The resend header of what its owner sends again for a rebuild of a read model. */
export const resendForRebuild = (rebuildId: string): string => rebuildPrefix + rebuildId;

/** The rebuild that an event with this resend header was sent again for; undefined for one that was not. */
export function rebuildOf(resend: string | undefined): string | undefined {
  const id = resend?.startsWith(rebuildPrefix) ? resend.slice(rebuildPrefix.length) : undefined;
  return id !== undefined && uuid.test(id) ? id : undefined;
}
