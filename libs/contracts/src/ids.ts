import { hash } from 'node:crypto';

/** The one namespace of every derived id. Changing it would change every id there is. */
const namespace = '6f1c1f0e-5d0f-5b6e-9a3b-0c7d1e5a4c21';

/** The namespace, and room for the parts behind it: most are names and ids. */
const named = Buffer.alloc(1024);
const start = named.write(namespace.replaceAll('-', ''), 'hex');

/**
 * A UUIDv5 (RFC 9562) over the JSON array of the parts, so that ("a:b", "c") and ("a", "b:c") differ.
 * The same parts give the same id, on every machine. Written out, at a quarter of what the package takes: an event has
 * several ids.
 */
export function deriveId(...parts: readonly string[]): string {
  const digest = hash('sha1', bytesOf(JSON.stringify(parts)));
  const variant = ((parseInt(digest.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-5${digest.slice(13, 16)}-${variant}${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
}

function bytesOf(name: string): Uint8Array {
  // UTF-8 takes three bytes for a UTF-16 code unit at most
  if (start + name.length * 3 > named.length) return Buffer.concat([named.subarray(0, start), Buffer.from(name)]);
  return named.subarray(0, start + named.write(name, start));
}

/** feedbackId of a feedback that its source can name. */
export const feedbackIdOf = (source: string, externalId: string): string => deriveId(source, externalId);

/** Id of the loop that a feedback opens; for one that has no loop, the key of its settlement. */
export const loopIdOf = (feedbackId: string): string => deriveId('loop', feedbackId);

/** Key of a customer who is known only by what the source calls the author. */
export const customerKeyOf = (source: string, authorExternalId: string): string => deriveId(source, authorExternalId);

/** What a hop has made of which revision of a feedback; 0 stands for a step not yet taken. */
export interface HopPosition {
  feedbackId: string;
  revision: number;
  tagRevision?: number;
  routeRevision?: number;
  contentHash: string;
}

/** ce_id of an event of a hop: a redelivery has the same one. */
export const hopEventId = (step: 'received' | 'tagged' | 'routed', at: HopPosition): string =>
  deriveId(
    step,
    at.feedbackId,
    String(at.revision),
    String(at.tagRevision ?? 0),
    String(at.routeRevision ?? 0),
    at.contentHash,
  );

/** ce_id of loop.changed for a transition of a loop. */
export const loopEventId = (loopId: string, version: number): string => deriveId(loopId, String(version));

/** ce_id of a step of a loop in the inbox of a team. */
export const inboxEventId = (team: string, loopId: string, version: number): string =>
  deriveId('team-inbox', team, loopId, String(version));

/** ce_id of loop.changed for a settlement of a feedback without a loop. */
export const settlementEventId = (feedbackId: string, settlement: number): string =>
  deriveId('settled', feedbackId, String(settlement));

/** Id of the answer that a version of a loop gives. */
export const replyIdOf = (loopId: string, version: number): string => deriveId('reply', loopId, String(version));

/** ce_id of what is told of a reply: that it is asked for, and the one thing that came of it. */
export const replyEventId = (step: 'requested' | 'sent' | 'failed', replyId: string): string =>
  deriveId('reply', step, replyId);

/** ce_id of insight.raised and insight.changed: version 1 is the raising. */
export const insightEventId = (insightId: string, version: number): string =>
  deriveId('insight-event', insightId, String(version));

/** Id of what the customer of a loop is told of an improvement. */
export const noticeIdOf = (improvementId: string, loopId: string): string => deriveId('notice', improvementId, loopId);

/** ce_id of what is told of a notice: that it is asked for, and the one thing that came of it. */
export const noticeEventId = (step: 'requested' | 'settled', noticeId: string): string =>
  deriveId('notice', step, noticeId);

/** Lower-case hexadecimal SHA-256. */
export const sha256 = (value: string | Uint8Array): string => hash('sha256', value);

/**
 * JSON with the keys of every object sorted by UTF-16 code unit and members that are undefined left out, so that
 * equal values give equal text (the order of RFC 8785; numbers as JSON.stringify writes them).
 */
export function canonicalJson(value: unknown): string {
  return isInOrder(value) ? (JSON.stringify(value) ?? 'null') : sorted(value);
}

function sorted(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(sorted).join(',')}]`;
  const members: string[] = [];
  for (const key of Object.keys(value).sort()) {
    const member = (value as Record<string, unknown>)[key];
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${sorted(member)}`);
  }
  return `{${members.join(',')}}`;
}

/** Whether all keys are sorted already: what JSON.stringify makes of it is canonical then, in one call. */
function isInOrder(value: unknown): boolean {
  if (value === null || typeof value !== 'object') return true;
  if (Array.isArray(value)) return value.every(isInOrder);
  // what JSON.stringify would ask for something else
  if ('toJSON' in value) return false;
  let last = '';
  for (const key in value) {
    if (key < last || !isInOrder((value as Record<string, unknown>)[key])) return false;
    last = key;
  }
  return true;
}
