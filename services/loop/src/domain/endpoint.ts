import { loopChanges } from '@closeloop/contracts';
import { Temporal } from 'temporal-polyfill';

export const endpointKinds = ['webhook', 'slack', 'email'] as const;
export type EndpointKind = (typeof endpointKinds)[number];

/** Changes that loop.changed calls notes. */
const notes = ['warned', 'breached', 'terms-set', 'reply-sent', 'reply-failed'];

/** An insight that the team is to answer, or what became of one that it raised. */
export const insightChange = 'insight';

const presets: Readonly<Record<string, readonly string[] | undefined>> = {
  /** What asks somebody of the team to do something, or to stop doing it */
  'mine-to-act': [
    ...['opened', 'joined', 'revised', 'assigned', 'escalated', 'objected', 'reopened', 'withdrawn'],
    ...['warned', 'breached', 'reply-failed', insightChange],
  ],
};

/** What an endpoint may ask for: everything, a preset, changes of loops, or insights. */
export const selectableChanges: readonly string[] = [
  'all',
  ...Object.keys(presets),
  ...loopChanges.filter((change) => change !== 'settled'),
  ...notes,
  insightChange,
];

/** The changes that were asked for; null: all of them. */
export function wantedChanges(selected: readonly string[]): readonly string[] | null {
  if (selected.includes('all')) return null;
  return [...new Set(selected.flatMap((name) => presets[name] ?? [name]))];
}

/** Changes by which a loop may leave a team. */
export const movingChanges = ['assigned', 'escalated', 'objected', 'reopened'] as const;

/** When mail goes out together: at each full hour, or once a day in a zone of the IANA. */
export type Digest = { readonly every: 'hour' } | { readonly every: 'day'; readonly at: string; readonly zone: string };

export function isTimeZone(zone: string): boolean {
  // offsets have no summer time, and are not what is meant
  if (!/^[A-Za-z]/.test(zone)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** The first time of a digest after now. A time that a clock leaves out comes an hour later, one that it shows twice once. */
export function nextDigest(digest: Digest, now: Date): Date {
  if (digest.every === 'hour') return new Date((Math.floor(now.getTime() / 3_600_000) + 1) * 3_600_000);
  const today = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(digest.zone).toPlainDate();
  const plainTime = Temporal.PlainTime.from(digest.at);
  for (let days = 0; ; days++) {
    const { epochMilliseconds } = today.add({ days }).toZonedDateTime({ timeZone: digest.zone, plainTime });
    if (epochMilliseconds > now.getTime()) return new Date(epochMilliseconds);
  }
}

/** Where a team hears of its loops. */
export interface Endpoint {
  readonly endpointId: string;
  readonly team: string;
  readonly kind: EndpointKind;
  /** Of a webhook; of Slack, whose address is itself a secret, no more than its origin */
  readonly url?: string;
  /** Of e-mail */
  readonly addresses?: readonly string[];
  /** As they were selected */
  readonly changes: readonly string[];
  /** Of e-mail; absent: each by itself */
  readonly digest?: Digest;
  /** Why nothing is sent: somebody's subject, or `gone` where the receiver said so */
  readonly paused?: { readonly since: Date; readonly by: string };
  /** In a row, up to now */
  readonly failures: number;
  /** Nothing is tried before this, because it failed so often */
  readonly openUntil?: Date;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly secrets: readonly EndpointSecret[];
}

/** A secret that signs, without what it is. */
export interface EndpointSecret {
  readonly secretId: string;
  readonly createdAt: Date;
  /** Once another one signs beside it */
  readonly expiresAt?: Date;
  /** Whether it is kept encrypted */
  readonly sealed: boolean;
}
