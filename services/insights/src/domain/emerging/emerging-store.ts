import type { Carrier } from './carrier.js';
import type { EmergingIssue } from './emerging-issue.js';
import type { Series, SeriesKey } from './series.js';

/** What a dismissed one is, is still followed, so that it does not come back as new. */
export const emergingStates = ['open', 'over', 'dismissed'] as const;
export type EmergingState = (typeof emergingStates)[number];

/** An issue as it is kept. */
export interface KeptIssue extends EmergingIssue {
  readonly emergingId: string;
  /** Told to a team, or dismissed by a person: what they saw is not taken back. */
  readonly seen: boolean;
  readonly carriedBy: readonly Carrier[];
}

/** What a day held, in one word: it differs as soon as anything of the day does. */
export type Digests = ReadonlyMap<number, string>;

/** What judging looks at and leaves behind. Days since 1970-01-01 (UTC). */
export interface EmergingWork {
  /** The day at hand, which is not over */
  today(): Promise<number>;
  /** Of all days with feedback before `today` */
  digests(today: number): Promise<Digests>;
  /** Of the days that were judged, when they were */
  judged(): Promise<Digests>;
  /**
   * Those that can be judged: of which `leastOf` or more came within seven days, the last of them `judgedFrom` or later, and those of `open`. There may be
   * ten times as many others, of which a few came in a year.
   * @param days of the period: the first, and the one after the last
   */
  series(
    days: readonly [from: number, to: number],
    judgedFrom: number,
    leastOf: number,
    open: readonly SeriesKey[],
  ): Promise<Series[]>;
  issues(): Promise<KeptIssue[]>;
  /** In one transaction: these take the place of those found from `from` on that are not among them, days the place of the judged ones from then on. */
  save(from: number, issues: readonly KeptIssue[], days: Digests): Promise<void>;
}

/** A feedback behind an issue. */
export interface EvidenceItem {
  readonly feedbackId: string;
  readonly loopId: string | null;
  readonly at: Date;
  /** null once its words are erased */
  readonly excerpt: string | null;
}

/** An issue as people see it. */
export interface ShownIssue extends Omit<EmergingIssue, 'state'> {
  readonly emergingId: string;
  readonly state: EmergingState;
  /** That most of the feedback behind it is of; null where all of that has gone */
  readonly team: string | null;
  readonly carriedBy: readonly Carrier[];
  /** The newest first */
  readonly feedback: readonly EvidenceItem[];
  /** Raised for the team that can change it */
  readonly insightId: string | null;
}

export interface EmergingFilter {
  /** Only those that are open */
  readonly open: boolean;
  /** Of these teams, with feedback of these alone; undefined: of all */
  readonly teams?: readonly string[];
  /** Days that they touch: the first, and the one after the last */
  readonly days?: readonly [from: number, to: number];
  readonly limit: number;
}

/** Who dismisses one, as the audit log names them */
export interface Dismissal {
  readonly reason: string;
  readonly by: { readonly kind: 'person' | 'command'; readonly subject: string; readonly roles: readonly string[] };
}

export abstract class EmergingStore {
  /** Lets one replica work at a time. @returns undefined where another does */
  abstract exclusively<T>(work: (store: EmergingWork) => Promise<T>): Promise<T | undefined>;
  /** Open ones first, then the newest */
  abstract list(filter: EmergingFilter): Promise<ShownIssue[]>;
  /** Found on or after that day, open, and told to nobody; with at most so much feedback each */
  abstract untold(foundFrom: number, feedback: number): Promise<ShownIssue[]>;
  abstract told(emergingId: string, insightId: string): Promise<void>;
  /** @returns undefined where there is no such issue */
  abstract dismiss(emergingId: string, dismissal: Dismissal): Promise<ShownIssue | undefined>;
}
