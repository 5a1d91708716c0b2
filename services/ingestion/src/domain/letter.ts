import {
  feedbackIdOf,
  feedbackInbound,
  feedbackReceived,
  feedbackRouted,
  feedbackTagged,
  hopEventId,
  pipeline,
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

/** The step that each topic's events are a result of, and the group whose failure counts. */
const counted = new Map<string, { group: string; step?: 'received' | 'tagged' | 'routed' }>([
  [feedbackInbound.topic, { group: pipeline.ingestion.group }],
  [feedbackReceived.topic, { group: pipeline.sentiment.group, step: 'received' }],
  [feedbackTagged.topic, { group: pipeline.routing.group, step: 'tagged' }],
  [feedbackRouted.topic, { group: pipeline.loop.group, step: 'routed' }],
]);

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const maxRevision = 2_147_483_647;

/** What a dead letter says of itself; nothing in it was validated. */
export type LetterClaim =
  /** The group's failure says nothing of what became of a feedback. */
  | { readonly kind: 'other' }
  /** Of feedback.inbound.v1: never accepted. `source` is '' where it cannot be read. */
  | { readonly kind: 'inbound'; readonly source: string; readonly feedbackId?: string }
  /** Of an accepted feedback. Without a revision: `revisionOf` may find it. */
  | {
      readonly kind: 'accepted';
      readonly step: 'received' | 'tagged' | 'routed';
      readonly feedbackId?: string;
      readonly revision?: number;
      readonly eventId?: string;
    };

export function claimOf(letter: Letter): LetterClaim {
  const origin = counted.get(letter.topic);
  if (!origin || origin.group !== letter.group || !uuid.test(letter.id)) return { kind: 'other' };
  const data = objectOf(letter.value);
  if (!origin.step) {
    const source = typeof data?.source === 'string' && sourcePattern.test(data.source) ? data.source : '';
    const named = source !== '' && typeof data?.externalId === 'string' && data.externalId !== '';
    return { kind: 'inbound', source, ...(named && { feedbackId: feedbackIdOf(source, data.externalId as string) }) };
  }
  const feedback = origin.step === 'received' ? data : asObject(data?.feedback);
  const feedbackId = [
    feedback?.feedbackId,
    letter.headers['ce_subject'],
    letter.key && Buffer.from(letter.key).toString(),
  ]
    .filter((given): given is string => typeof given === 'string' && uuid.test(given))
    .at(0);
  const revision = feedback?.revision;
  const eventId = letter.headers['ce_id'];
  return {
    kind: 'accepted',
    step: origin.step,
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
