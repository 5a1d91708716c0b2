import { type Actor } from './actor.js';

/** `replayed`: sent again, and neither settled nor discarded; it may have failed again, as another letter. */
export const letterStates = ['open', 'replayed', 'settled', 'discarded'] as const;
export type LetterState = (typeof letterStates)[number];

/** Which letters; what is left out is not asked for. `from` is in, `to` is not; both are times of death. */
export interface LetterFilter {
  readonly feedbackId?: string;
  readonly topic?: string;
  readonly group?: string;
  readonly reason?: string;
  readonly source?: string;
  readonly from?: Date;
  readonly to?: Date;
  readonly state?: LetterState;
}

/** Where a page ended: letters are listed by the time of their death, oldest first. */
export interface LetterPlace {
  readonly diedAt: Date;
  readonly id: string;
}

/** What is known of a letter without what it holds. */
export interface LetterStanding {
  readonly id: string;
  readonly state: LetterState;
  readonly replayed: boolean;
  /** The letter that its last replay became */
  readonly failedAs?: string;
  /** What it held is erased. */
  readonly erased: boolean;
  /** Bytes of key, value and headers */
  readonly bytes: number;
}

/** A dead letter as it is listed. Times are RFC 3339. */
export interface LetterView {
  readonly id: string;
  readonly feedbackId?: string;
  readonly revision?: number;
  readonly source?: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly group: string;
  readonly reason: string;
  /** Empty once it was erased */
  readonly message: string;
  readonly attempts: number;
  readonly diedAt: string;
  readonly state: LetterState;
  readonly settledAt?: string;
  readonly replay?: {
    readonly at: string;
    readonly by: string;
    /** How often */
    readonly times: number;
    readonly became: 'under-way' | 'settled' | 'failed-again';
    /** The letter that it failed as */
    readonly failedAs?: string;
  };
  readonly discarded?: { readonly at: string; readonly by: string; readonly reason: string };
}

/** A part of a message: as text where it is UTF-8, else as base64. */
export type Shown = { readonly text: string } | { readonly base64: string };

/** A dead letter with all but its value. */
export interface WholeLetter extends LetterView {
  readonly stack?: string;
  /** null: it came without one */
  readonly key: Shown | null;
  /** As text; of several of one name, the last */
  readonly headers: Readonly<Record<string, string>>;
  /** null: it came without a value, or it is erased */
  readonly valueBytes: number | null;
  readonly erased: boolean;
}

/** Letters inside one transaction. */
export interface LetterTransaction {
  /** Locks those of these ids that are there, in the order of ids. */
  lock(ids: readonly string[]): Promise<Map<string, LetterStanding>>;
  /** Sends them to where they came from, for the group that failed, oldest first, and notes by whom. All must be locked. */
  resend(letters: readonly LetterStanding[], actor: Actor): Promise<void>;
  /** Notes that nobody is to do more about them. All must be locked. */
  discard(letters: readonly LetterStanding[], actor: Actor, reason: string): Promise<void>;
}

export abstract class DeadLetters {
  abstract page(filter: LetterFilter, after: LetterPlace | undefined, limit: number): Promise<LetterView[]>;
  /** How many there are after that place. */
  abstract count(filter: LetterFilter, after: LetterPlace | undefined): Promise<number>;
  abstract one(id: string): Promise<WholeLetter | undefined>;
  /** What it holds, and an entry in the audit log of who has seen it; null where there is nothing (any more). */
  abstract value(id: string, actor: Actor): Promise<Shown | null>;
  abstract transaction<T>(work: (transaction: LetterTransaction) => Promise<T>): Promise<T>;
  /** Whether too much waits to be sent for more to be added. */
  abstract isFull(): boolean;
  /** Tells the relay, after a commit, that there is something to send. */
  abstract wake(): void;
}
