import {
  feedbackIdOf,
  feedbackInbound,
  feedbackReceived,
  feedbackRouted,
  feedbackTagged,
  hopEventId,
  insightChanged,
  insightRaised,
  loopChanged,
  noticeRequested,
  noticeSettled,
  pipeline,
  replyFailed,
  replyRequested,
  replySent,
  sourcePattern,
} from '@closeloop/contracts';

/** A dead letter, as far as it has to be understood here. */
export interface Letter {
  readonly id: string;
  readonly group: string;
  /** Where the event that died came from */
  readonly topic: string;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Readonly<Record<string, string>>;
}

type Step = 'inbound' | 'received' | 'tagged' | 'routed' | 'reply' | 'beside';

const placeOf = (topic: string, group: string): string => `${topic} ${group}`;

/** What the events are that a group could not handle, or the step that they are a result of. What is not here counts nowhere. */
const counted = new Map<string, Step>([
  [placeOf(feedbackInbound.topic, pipeline.ingestion.group), 'inbound'],
  [placeOf(feedbackReceived.topic, pipeline.sentiment.group), 'received'],
  [placeOf(feedbackTagged.topic, pipeline.routing.group), 'tagged'],
  [placeOf(feedbackRouted.topic, pipeline.loop.group), 'routed'],
  [placeOf(replyRequested.topic, pipeline.ingestion.group), 'reply'],
  [placeOf(replySent.topic, pipeline.loop.group), 'reply'],
  [placeOf(replyFailed.topic, pipeline.loop.group), 'reply'],
  // what a metric lacks: kept and replayed, though the feedback went its way
  [placeOf(feedbackRouted.topic, pipeline.insights.group), 'beside'],
  [placeOf(loopChanged.topic, pipeline.insights.group), 'beside'],
  [placeOf(noticeSettled.topic, pipeline.insights.group), 'beside'],
  [placeOf(noticeRequested.topic, pipeline.loop.group), 'beside'],
  [placeOf(insightRaised.topic, pipeline.loop.group), 'beside'],
  [placeOf(insightChanged.topic, pipeline.loop.group), 'beside'],
]);

/** Groups, and topics, of which nobody tells the ledger what was done: what is sent there again counts as settled until it fails again. */
export const silentGroups: readonly string[] = [pipeline.insights.group];
export const silentTopics: readonly string[] = [noticeRequested.topic, insightRaised.topic, insightChanged.topic];

/** Topics whose events are named by something else than a feedback. */
const ofOthers: readonly string[] = [loopChanged.topic, noticeSettled.topic, ...silentTopics];

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const maxRevision = 2_147_483_647;

/** What a dead letter says of itself; nothing in it was validated. */
export type LetterClaim =
  /** The group's failure says nothing of what became of a feedback. */
  | { readonly kind: 'other' }
  /** Of feedback.inbound.v1: never accepted. `source` is '' where it cannot be read. */
  | { readonly kind: 'inbound'; readonly source: string; readonly feedbackId?: string }
  /** Of what is said to a customer, or is beside the way of a feedback: kept, and no revision of the feedback is any less settled */
  | { readonly kind: 'reply' | 'beside'; readonly feedbackId?: string }
  /** Of an accepted feedback. Without a revision: `revisionOf` may find it. */
  | {
      readonly kind: 'accepted';
      readonly step: 'received' | 'tagged' | 'routed';
      readonly feedbackId?: string;
      readonly revision?: number;
      readonly eventId?: string;
    };

export function claimOf(letter: Letter): LetterClaim {
  const step = counted.get(placeOf(letter.topic, letter.group));
  if (!step || !uuid.test(letter.id)) return { kind: 'other' };
  const data = objectOf(letter.value);
  if (step === 'inbound') {
    const source = typeof data?.source === 'string' && sourcePattern.test(data.source) ? data.source : '';
    const named = source !== '' && typeof data?.externalId === 'string' && data.externalId !== '';
    return { kind: 'inbound', source, ...(named && { feedbackId: feedbackIdOf(source, data.externalId as string) }) };
  }
  const feedback = step === 'received' || step === 'reply' ? data : asObject(data?.feedback);
  const feedbackId = [
    feedback?.feedbackId,
    // of a loop's step, and of the outer loop, these name something else
    ...(ofOthers.includes(letter.topic)
      ? []
      : [letter.headers['ce_subject'], letter.key && Buffer.from(letter.key).toString()]),
  ]
    .filter((given): given is string => typeof given === 'string' && uuid.test(given))
    .at(0);
  if (step === 'reply' || step === 'beside') return { kind: step, ...(feedbackId !== undefined && { feedbackId }) };
  const revision = feedback?.revision;
  const eventId = letter.headers['ce_id'];
  return {
    kind: 'accepted',
    step,
    ...(feedbackId !== undefined && { feedbackId }),
    ...(isRevision(revision) && feedbackId === feedback?.feedbackId && { revision }),
    ...(eventId !== undefined && { eventId }),
  };
}

/**
 * The revision whose event a letter was, by the event's derived id, where the value itself cannot be read. undefined:
 * none, so it was no event of ours. Knows first taggings and routings only: what is made anew has a readable value.
 */
export function revisionOf(
  { step, feedbackId, eventId }: LetterClaim & { kind: 'accepted' },
  revisions: readonly { revision: number; contentHash: string }[],
): number | undefined {
  if (feedbackId === undefined || eventId === undefined) return undefined;
  const tagRevision = step === 'received' ? 0 : 1;
  const routeRevision = step === 'routed' ? 1 : 0;
  return revisions.find(
    ({ revision, contentHash }) =>
      hopEventId(step, { feedbackId, revision, tagRevision, routeRevision, contentHash }) === eventId,
  )?.revision;
}

const isRevision = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= maxRevision;

const asObject = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;

function objectOf(value: Uint8Array | null): Record<string, unknown> | undefined {
  if (!value) return undefined;
  try {
    return asObject(JSON.parse(Buffer.from(value).toString()));
  } catch {
    return undefined;
  }
}
