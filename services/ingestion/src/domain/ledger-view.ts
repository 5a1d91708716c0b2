import type { CountedResult } from './acceptance-store.js';
import type { LetterState } from './dead-letters.js';
import type { StandingOutcome } from './ledger-entry.js';
import type { CanonicalContent } from './candidate.js';
import type { FeedbackKind, LoopState, Priority, SentimentLabel } from '@closeloop/contracts';

/** A feedback, its revisions, and what became of it. Times are RFC 3339. */
export interface FeedbackView {
  readonly feedbackId: string;
  readonly source: string;
  /** The latest accepted */
  readonly revision: number;
  /** Of the latest accepted revision */
  readonly status: 'unsettled' | 'settled' | 'dead-letter';
  readonly revisions: readonly {
    readonly revision: number;
    readonly kind: FeedbackKind;
    readonly contentHash: string;
    readonly receivedAt: string;
    /** Absent once it was erased */
    readonly feedback?: CanonicalContent;
  }[];
  /** What stands; it may be of an earlier revision while the latest is under way. Absent before the first. */
  readonly outcome?: {
    readonly outcome: StandingOutcome;
    /** The highest settled */
    readonly revision: number;
    readonly settlement: number;
    readonly team?: string;
    readonly sentiment?: SentimentLabel;
    readonly settledAt: string;
  };
  readonly loop?: {
    readonly loopId: string;
    readonly version: number;
    readonly state: LoopState;
    readonly cycle: number;
    readonly team: string;
    readonly priority: Priority;
    readonly changedAt: string;
  };
  /** `open`: no outcome of the same revision has closed it, and nobody has discarded it. */
  readonly deadLetters: readonly {
    readonly id: string;
    readonly revision?: number;
    readonly topic: string;
    readonly group: string;
    readonly reason: string;
    readonly message: string;
    readonly attempts: number;
    readonly diedAt: string;
    readonly open: boolean;
    readonly state: LetterState;
  }[];
}

/** Upper bounds of the ages that unsettled feedback is counted by, in seconds; the last has none. */
export const ageBounds = [10, 60, 600, 3600, 86_400] as const;
export type AgeBand = 'under10s' | 'under1m' | 'under10m' | 'under1h' | 'under1d' | 'over1d';

/** The ledger in numbers: of one source, or of all. */
export interface LedgerView {
  /** RFC 3339, the store's time */
  readonly at: string;
  /** null: all sources */
  readonly source: string | null;
  /** Every submission that was answered, and inbound events that died */
  readonly results: Readonly<Record<CountedResult, number>>;
  /**
   * Feedback by what stands. `dead-letter`: no outcome, and the latest revision died. `none`: nothing yet. The sum of all
   * is `results.accepted`.
   */
  readonly outcomes: Readonly<Record<StandingOutcome | 'dead-letter' | 'none', number>>;
  /** Feedback with an outcome, by the team it went to; '' where there is none (a deletion) */
  readonly teams: Readonly<Record<string, number>>;
  /** Feedback with an outcome, by sentiment; '' where there is none */
  readonly sentiments: Readonly<Record<string, number>>;
  /** Loops (not feedback) by state; those of a source are the ones that its feedback opened */
  readonly loops: Readonly<Partial<Record<LoopState, number>>>;
  /** Dead letters (not feedback, and those of the door as well) that nothing has settled */
  readonly deadLetters: {
    /** Neither sent again nor discarded: somebody has to look */
    readonly open: number;
    /** Sent again, and neither settled nor back */
    readonly underWay: number;
    /** Sent again, and back as another letter */
    readonly failedAgain: number;
    readonly discarded: number;
    /** Since the oldest open one died; null: none is open */
    readonly oldestOpenSeconds: number | null;
    /** The open ones by the consumer group that failed */
    readonly openByGroup: Readonly<Record<string, number>>;
  };
  /** Feedback whose latest revision has neither outcome nor dead letter */
  readonly unsettled: {
    readonly total: number;
    readonly byAge: Readonly<Record<AgeBand, number>>;
    /** null: none is unsettled */
    readonly oldestSeconds: number | null;
  };
  /** Unsettled for 60 s while nothing was settled, or while what came 60 s later already is */
  readonly missing: number;
  /** The oldest of them, where asked for */
  readonly missingIds?: readonly string[];
}

export abstract class LedgerReader {
  abstract feedback(feedbackId: string): Promise<FeedbackView | undefined>;
  /** `missingIds`: how many ids of missing feedback to list; 0 for none. */
  abstract ledger(options: { source?: string; missingIds: number; missingAfterSeconds: number }): Promise<LedgerView>;
}
