import {
  canonicalJson,
  feedbackIdOf,
  feedbackRouted,
  hopEventId,
  sha256,
  type Feedback,
  type FeedbackRouted,
  type Route,
} from '@closeloop/contracts';
import { type PublishedMessage } from '@closeloop/testing';

export interface RoutedOptions {
  readonly source?: string;
  readonly revision?: number;
  readonly tagRevision?: number;
  readonly routeRevision?: number;
  readonly customerKey?: string;
  readonly text?: string;
  /** Stars of five */
  readonly stars?: number;
  readonly deleted?: boolean;
  readonly historic?: boolean;
  readonly loop?: Route['loop'];
  readonly team?: string;
  readonly priority?: Route['priority'];
  readonly slaPolicy?: string;
  /** RFC 3339; when the specs began unless told otherwise */
  readonly receivedAt?: string;
  readonly channel?: Feedback['channel'];
  readonly email?: string;
  /** BCP 47 */
  readonly language?: string;
  readonly timeZone?: string;
  readonly doNotContact?: boolean;
}

const receivedAt = new Date().toISOString();

/** A routed feedback; the same external id and options make the same event. */
export function routed(externalId: string, options: RoutedOptions = {}): FeedbackRouted {
  const { source = 'shop', revision = 1, tagRevision = 1, routeRevision = 1, customerKey, text, stars } = options;
  const { deleted = false, historic = false, loop = 'open', team = 'support' } = options;
  const { channel = 'review', email, language = 'en', timeZone, doNotContact } = options;
  const attributes = { ...(timeZone !== undefined && { timeZone }), ...(doNotContact && { doNotContact }) };
  const content: Omit<Feedback, 'contentHash' | 'revision' | 'receivedAt'> = {
    ...{ feedbackId: feedbackIdOf(source, externalId), source, externalId, channel, historic },
    kind: deleted ? 'deleted' : revision === 1 ? 'created' : 'updated',
    ...(customerKey !== undefined && { customerKey }),
    ...(email !== undefined && { author: { email } }),
    ...(Object.keys(attributes).length > 0 && { attributes }),
    ...(!deleted && { text: text ?? `what ${externalId} said, ${revision}` }),
    ...(stars !== undefined && { rating: { value: stars, scale: 5 } }),
  };
  return {
    feedback: {
      ...content,
      revision,
      contentHash: sha256(canonicalJson(content)),
      receivedAt: options.receivedAt ?? receivedAt,
    },
    tagRevision,
    routeRevision,
    tags: deleted
      ? null
      : {
          language: { tag: language, confidence: 0.9 },
          sentiment: { label: 'negative', score: -0.6, confidence: 0.8 },
          model: 'spec-1',
          taggedBy: 'model',
        },
    route: deleted
      ? null
      : {
          ...{
            team,
            priority: options.priority ?? 'medium',
            slaPolicy: options.slaPolicy ?? 'standard',
            labels: [],
            loop,
          },
          ...{ ruleSetVersion: 1, rule: 'spec' },
        },
  };
}

/** The event as routing sends it. */
export function messageOf(data: FeedbackRouted, headers: Record<string, string> = {}): PublishedMessage {
  const { feedback, tagRevision, routeRevision } = data;
  return {
    key: feedback.feedbackId,
    value: data,
    headers: {
      ce_specversion: '1.0',
      ce_type: feedbackRouted.topic,
      ce_source: 'closeloop/routing',
      ce_id: hopEventId('routed', { ...feedback, tagRevision, routeRevision }),
      ce_subject: feedback.feedbackId,
      ce_time: '2026-03-01T12:00:01.000Z',
      'content-type': 'application/json',
      ...headers,
    },
  };
}
