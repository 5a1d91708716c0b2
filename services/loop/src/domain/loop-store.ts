import {
  type LoopChanged,
  type LoopState,
  type Priority,
  type Rating,
  type ReplyRequested,
} from '@closeloop/contracts';
import { type AuditedCommand } from './audited-command.js';
import { type Writing } from './answer.js';
import { type Loop, type LoopEvent } from './loop.js';
import { type Reply } from './reply.js';
import { type Template } from './template-store.js';
import { type SettledFeedback, type Step } from './settlement.js';

/** Words that belong to an event of a loop. `text` and the rest: as they were given. */
export interface EventWords {
  readonly kind: 'response' | 'reason' | 'evidence';
  readonly loopId: string;
  readonly version: number;
  readonly feedbackId?: string;
  readonly body: { readonly text: string } & Readonly<Record<string, string>>;
}

/** An event of a history as readers see it, with the words that belong to it and were not erased. */
export type ReadEvent = LoopEvent & { readonly words?: object };

/** A feedback of a loop as readers see it; `words` is absent once it is deleted or erased. */
export interface ReadFeedback {
  readonly feedback: SettledFeedback;
  readonly words?: object;
}

export interface Draft {
  readonly agent: string;
  readonly at: Date;
  readonly feedbackId: string;
  readonly revision: number;
  readonly text: string;
}

/** due: what is to be done first, what nothing is promised for last */
export const loopOrders = ['newest', 'due'] as const;
export type LoopOrder = (typeof loopOrders)[number];

/** A loop in a list. */
export interface ListedLoop {
  readonly loop: Loop;
  /** The earliest limit that is still to be kept, on either clock */
  readonly dueAt?: Date;
  /** Absent once its words are deleted or erased */
  readonly glimpse?: Glimpse;
}

/** What opened a loop, shortened. */
export interface Glimpse {
  readonly feedbackId: string;
  readonly title?: string;
  readonly excerpt?: string;
  readonly author?: string;
  readonly rating?: Rating;
  readonly sentiment?: string;
  /** BCP 47 */
  readonly language?: string;
}

export interface LoopFilter {
  /** undefined: of every team */
  readonly teams?: readonly string[];
  readonly states?: readonly LoopState[];
  readonly feedbackId?: string;
  /** Whose own they are */
  readonly owner?: string;
  readonly priorities?: readonly Priority[];
  /** A limit that is still to be kept has passed by then */
  readonly overdueAt?: Date;
  /** What the words of their feedback contain, as it is written; of the first {@link searchedLoops} that the rest lets through */
  readonly contains?: string;
  readonly order: LoopOrder;
  /** Only what comes after this place in that order; `at`: opened, or due, then undefined where nothing is promised */
  readonly after?: { readonly at?: Date; readonly loopId: string };
  readonly limit: number;
}

/** Words are looked through one by one: of more than these nobody waits for an answer. */
export const searchedLoops = 10_000;

export interface LoopCount {
  readonly team: string;
  readonly state: LoopState;
  readonly count: number;
}

/** What a connector was answered for an Idempotency-Key. */
export interface StoredEvidence {
  readonly source: string;
  readonly idempotencyKey: string;
  readonly requestHash: string;
  readonly feedbackId: string;
  readonly kind: string;
  readonly type: string;
  readonly status: number;
  readonly answer: object;
}

/** Loops one by one, in one transaction. Lock in this order: feedback, then loops. */
export interface LoopTransaction {
  find(loopId: string): Promise<Loop | undefined>;
  lock(loopId: string): Promise<Loop | undefined>;
  /**
   * Writes what comes after a loop as it was, its deadlines too: false where it is not at that version any more, and
   * nothing was written. The row stays locked until the transaction ends.
   */
  advance(before: Loop, steps: readonly Step[], words?: EventWords): Promise<boolean>;
  open(opened: Step): Promise<void>;
  /** Events after a version, in order. */
  history(loopId: string, after: number): Promise<ReadEvent[]>;
  lockFeedback(feedbackId: string): Promise<SettledFeedback | undefined>;
  /** Gives a feedback another loop: its settlement is told anew, by that loop's first event. */
  moveFeedback(feedback: SettledFeedback, at: Date): Promise<void>;
  /** What a feedback is about; none once its words are erased. */
  topicsOf(feedbackId: string): Promise<string[]>;
  feedbackOf(loopId: string): Promise<ReadFeedback[]>;
  draftsOf(loopId: string): Promise<Draft[]>;
  /** One draft for an agent and a loop: the last one stands. */
  saveDraft(loopId: string, draft: Draft): Promise<void>;
  deleteDraft(loopId: string, agent: string): Promise<void>;
  /** Who writes an answer now, those who began first before others. */
  writingOf(loopId: string, now: Date): Promise<Writing[]>;
  /** From now on, or from when the agent began, until then. */
  keepWriting(loopId: string, agent: string, now: Date, until: Date): Promise<void>;
  /** With them goes everybody whose time is over. */
  stopWriting(loopId: string, agents: readonly string[], now: Date): Promise<void>;
  /** Keeps what is asked for until it is known what came of it, and has it sent once the transaction has committed. */
  requestReply(reply: Reply, request: ReplyRequested): Promise<void>;
  templateOf(team: string, templateId: string): Promise<Template | undefined>;
  /** Those that were asked for first before others. */
  repliesOf(loopId: string): Promise<Reply[]>;
  page(filter: LoopFilter): Promise<ListedLoop[]>;
  counts(teams?: readonly string[]): Promise<LoopCount[]>;
  evidence(source: string, idempotencyKey: string): Promise<StoredEvidence | undefined>;
  /** @throws ConcurrentChange where the key has been used in the meantime */
  saveEvidence(evidence: StoredEvidence, at: Date): Promise<void>;
  /** Notes in the audit log what a person did. */
  audit(command: AuditedCommand): Promise<void>;
  /**
   * Sends these once the transaction has committed. To be called when the rows that they tell of are locked.
   * @throws Problem `backlog-full` while too much waits to be sent
   */
  tell(events: readonly LoopChanged[]): Promise<void>;
}

export abstract class LoopStore {
  /** Commits what `work` did, or rolls back and throws what it threw. `now` is the database's clock. */
  abstract run<T>(work: (tx: LoopTransaction, now: Date) => Promise<T>): Promise<T>;
  /** Like {@link run}, to read alone: all of it as it was at one moment. */
  abstract look<T>(work: (tx: LoopTransaction, now: Date) => Promise<T>): Promise<T>;
}
