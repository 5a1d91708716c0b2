import { createHmac } from 'node:crypto';
import { isInsight, type Told, type ToldInsight } from './told-insight.js';

/** pending: it is tried; sent: the receiver took it; given-up: it is tried no more, unless somebody replays it. */
export const deliveryStates = ['pending', 'sent', 'given-up'] as const;
export type DeliveryState = (typeof deliveryStates)[number];

/** One try, or a replay that somebody asked for. Never what was sent or answered in words. */
export interface DeliveryAttempt {
  /** RFC 3339 */
  readonly at: string;
  readonly status?: number;
  readonly milliseconds?: number;
  readonly error?: string;
  /** Subject of who had it sent again */
  readonly replayedBy?: string;
}

/** One step of a loop, or of an insight, for one endpoint. */
export interface Delivery {
  /** Derived of endpoint, loop and version: the receiver sees it as `webhook-id` */
  readonly deliveryId: string;
  readonly endpointId: string;
  readonly team: string;
  readonly about: 'loop' | 'insight';
  /** Of the loop, or of the insight */
  readonly loopId: string;
  readonly version: number;
  readonly state: DeliveryState;
  readonly createdAt: Date;
  /** When it is tried next */
  readonly dueAt?: Date;
  readonly giveUpAt: Date;
  readonly settledAt?: Date;
  readonly attempts: number;
  /** The last ones */
  readonly log: readonly DeliveryAttempt[];
}

/** How a receiver answered. */
export type Answer =
  | { readonly kind: 'taken'; readonly milliseconds: number; readonly status?: number }
  | {
      /** gone: it wants no more of it, now or later */
      readonly kind: 'failed' | 'gone';
      readonly milliseconds: number;
      readonly status?: number;
      readonly error: string;
      /** How long it asks us to wait */
      readonly retryAfterMs?: number;
    }
  /** We stopped in the middle: it counts as no attempt */
  | { readonly kind: 'stopped' };

/** How long things take, milliseconds. */
export class DeliveryTimes {
  /** Longest wait after the first failure, and after any */
  readonly firstRetryMs: number = 5_000;
  readonly longestRetryMs: number = 6 * 3_600_000;
  /** How long one delivery is ours alone */
  readonly leaseMs: number = 60_000;
  /** To be connected, and for the whole answer */
  readonly connectMs: number = 5_000;
  readonly answerMs: number = 15_000;
  /** Failures in a row after which an endpoint rests, and how long at first and at most */
  readonly circuitAfter: number = 5;
  readonly circuitMs: number = 30_000;
  readonly longestCircuitMs: number = 15 * 60_000;
  /** How long a replica may sleep */
  readonly longestSleepMs: number = 5_000;
}

/** What becomes of a delivery. `dueInMs`: until it is tried again */
export interface Verdict {
  readonly state: DeliveryState;
  readonly dueInMs: number;
}

/**
 * What an answer means. Everything but 2xx is tried again, a refusal (4xx) too: it is most often a receiver that is not
 * set up yet, and the endpoint's rest keeps it from costing much.
 * @param attempt 1 for the first @param random 0..1: the wait is drawn from none to twice as long each time
 */
export function verdictOf(
  answer: Exclude<Answer, { kind: 'stopped' }>,
  attempt: number,
  { now, giveUpAt }: { now: Date; giveUpAt: Date },
  times: Pick<DeliveryTimes, 'firstRetryMs' | 'longestRetryMs'>,
  random: number,
): Verdict {
  if (answer.kind === 'taken') return { state: 'sent', dueInMs: 0 };
  const left = giveUpAt.getTime() - now.getTime();
  if (left <= 0) return { state: 'given-up', dueInMs: 0 };
  const longest = Math.min(times.longestRetryMs, times.firstRetryMs * 2 ** Math.min(attempt - 1, 30));
  const asked = Math.min(answer.retryAfterMs ?? 0, times.longestRetryMs);
  // the last try is when the time is over
  return { state: 'pending', dueInMs: Math.min(left, Math.max(asked, random * longest)) };
}

/** `webhook-signature` of Standard Webhooks: one for each key, so that the secret can be changed while both are known. */
export const signaturesOf = (id: string, timestamp: number, body: string, keys: readonly Uint8Array[]): string =>
  keys.map((key) => `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`).join(' ');

/** A key as receivers are given it. */
export const secretOfKey = (key: Uint8Array): string => `whsec_${Buffer.from(key).toString('base64')}`;

/** The body of a webhook. */
export const webhookBody = (told: Told): string =>
  JSON.stringify({ type: `${isInsight(told) ? 'insight' : 'loop'}.${told.change}`, timestamp: told.at, data: told });

const excerptLength = 280;

/** As much of a text as fits into a line. */
function excerpt(text: string, length: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  // never half a character
  return line.length <= length ? line : `${[...line.slice(0, length - 1)].filter(isWhole).join('')}…`;
}
const isWhole = (character: string): boolean => !/^[\ud800-\udfff]$/.test(character);

const wordsOf = (told: Told): string | undefined => {
  if (isInsight(told)) return insightWords(told);
  const { feedback } = told;
  return feedback && ([feedback.title, feedback.text].filter(Boolean).join(' — ') || undefined);
};

function insightWords(told: ToldInsight): string {
  const said = told.change === 'raised' ? told.claim : told.reason;
  return [told.title, said].filter(Boolean).join(' — ');
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** What happened, for people: `Escalated · high · support`. */
function headOf(told: Told, team: string): string {
  if (isInsight(told)) return [`Insight ${told.change.replaceAll('-', ' ')}`, told.team].join(' · ');
  const { change, note, loop } = told;
  const what = (change === 'noted' && note !== undefined ? note : change).replaceAll('-', ' ');
  const where = loop.team === team ? team : `${team} → ${loop.team}`;
  return [sentence(what), loop.priority, where].join(' · ');
}

function tailOf(told: Told): string {
  if (isInsight(told)) {
    const { insightId, version, state } = told;
    const rests =
      told.change === 'raised' ? [`${told.evidence.loops} loops`, `${told.evidence.feedback} feedback`] : [];
    return [`insight ${insightId}`, `version ${version}`, state, ...rests].join(' · ');
  }
  const { loopId, version } = told;
  const { state, owner } = told.loop;
  return [`loop ${loopId}`, `version ${version}`, state, ...(owner === undefined ? [] : [`owner ${owner}`])].join(
    ' · ',
  );
}

/** Slack reads these three, and nothing else, as its own. */
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** A message as Slack's incoming webhooks, and those that are like them, take it. */
export function slackBody(told: Told, team: string): string {
  const words = wordsOf(told);
  const text = escaped(`${headOf(told, team)}${words === undefined ? '' : `: ${excerpt(words, excerptLength)}`}`);
  return JSON.stringify({
    text,
    blocks: [
      { type: 'section', text: { type: 'mrkdwn', text, verbatim: true } },
      { type: 'context', elements: [{ type: 'plain_text', text: excerpt(tailOf(told), 2_000) }] },
    ],
  });
}

/** A mail of one step, or of several: a digest. */
export function mailOf(told: readonly Told[], team: string): { subject: string; text: string } {
  const [first, ...rest] = told;
  const words = first && wordsOf(first);
  const subject =
    first && rest.length === 0
      ? excerpt(`[${team}] ${headOf(first, team)}${words === undefined ? '' : `: ${words}`}`, 150)
      : `[${team}] ${told.length} ${told.some(isInsight) ? 'steps of loops and insights' : 'steps of loops'}`;
  const paragraphs = told.map((one) => {
    const said = wordsOf(one);
    return [headOf(one, team), said === undefined ? '(there are no words)' : excerpt(said, 1_000), tailOf(one), one.at]
      .map((line) => `${line}\n`)
      .join('');
  });
  return { subject, text: paragraphs.join('\n') };
}
