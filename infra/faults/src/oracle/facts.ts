import { type Told, type Transition } from '../load/journal.js';
import { type Received } from '../rig/receiver.js';

/** What the clients were told. */
export interface Heard {
  /** By `no` */
  readonly told: readonly Told[];
  readonly transitions: readonly Transition[];
  readonly phases: readonly string[];
}

/** A feedback and what the ledger says of it: a row of ingestion's `feedback`. */
export interface LedgerRow {
  readonly feedbackId: string;
  readonly source: string;
  readonly acceptedRevision: number;
  readonly contentHash: string;
  /** Milliseconds since 1970 */
  readonly updatedAt?: number;
  readonly deletedAt?: number;
  readonly settledRevision: number;
  readonly settlement: number;
  readonly outcome?: string;
  readonly loopId?: string;
  readonly team?: string;
  readonly sentiment?: string;
}

/** A row of ingestion's `feedback_revision`. */
export interface RevisionRow {
  readonly feedbackId: string;
  readonly revision: number;
  readonly kind: string;
  readonly contentHash: string;
}

/** A row of ingestion's `dead_letter`. */
export interface LetterRow {
  readonly letterId: string;
  readonly feedbackId?: string;
  readonly revision?: number;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly group: string;
  readonly reason: string;
}

/** Where a loop stands: a row of ingestion's `loop_state`. */
export interface LoopStanding {
  readonly loopId: string;
  readonly version: number;
  readonly state: string;
  readonly cycle: number;
  readonly team: string;
  readonly priority: string;
  readonly source: string;
}

/** A count of ingestion's `tally`, summed over its slots. */
export interface Tally {
  readonly measure: string;
  readonly source: string;
  readonly value: string;
  readonly team: string;
  readonly sentiment: string;
  readonly count: number;
}

/** A row of the loop service's `feedback`. */
export interface SettledRow {
  readonly feedbackId: string;
  readonly source: string;
  readonly revision: number;
  readonly settlement: number;
  readonly outcome: string;
  readonly loopId?: string;
  readonly place?: string;
  readonly team?: string;
  readonly sentiment?: string;
}

/** A row of the loop service's `settlement`. */
export interface SettlementRow {
  readonly feedbackId: string;
  readonly revision: number;
  readonly tagRevision: number;
  readonly routeRevision: number;
  readonly contentHash: string;
  readonly settlement: number;
  readonly outcome: string;
  readonly loopId: string;
  readonly version: number;
}

/** A row of the loop service's `loop`. */
export interface LoopRow {
  readonly loopId: string;
  readonly version: number;
  readonly state: string;
  readonly cycle: number;
  readonly team: string;
  readonly priority: string;
  readonly owner?: string;
  /** How many are in it that were not deleted */
  readonly feedback: number;
  /** Until when the customer may answer; milliseconds since 1970 */
  readonly expiresAt?: number;
  /** How far up the chain */
  readonly level?: number;
}

/** A row of the loop service's `deadline`. */
export interface DeadlineRow {
  readonly loopId: string;
  readonly kind: string;
  /** Milliseconds since 1970 */
  readonly dueAt: number;
}

/** A count of the loop service's `loop_tally`, summed over its slots. */
export interface LoopTally {
  readonly team: string;
  readonly state: string;
  readonly count: number;
}

/** A row of the loop service's `loop_history`. */
export interface HistoryRow {
  readonly loopId: string;
  readonly version: number;
  readonly change: string;
  /** Milliseconds since 1970 */
  readonly at: number;
  readonly actorKind: string;
  readonly actorId?: string;
  readonly state: string;
  readonly cycle: number;
  readonly team: string;
  readonly priority: string;
  readonly owner?: string;
  readonly feedbackId?: string;
  readonly revision?: number;
  /** Of `resolved` and `expired`: when the window ends; of what a clock did: when that was due. Milliseconds since 1970 */
  readonly dueAt?: number;
  readonly level?: number;
  /** Of what a clock did: of which promise */
  readonly target?: string;
  /** Of `opened`: what is promised, and since when the clock runs */
  readonly terms?: string;
  readonly receivedAt?: number;
}

/** A row of the loop service's `delivery`. */
export interface DeliveryRow {
  readonly deliveryId: string;
  readonly endpointId: string;
  readonly team: string;
  readonly loopId: string;
  readonly version: number;
  readonly state: string;
}

/** A row of the loop service's `follow_up`. */
export interface FollowUpRow {
  readonly followUpId: string;
  readonly loopId: string;
  readonly cycle: number;
  readonly state: string;
  /** Why nobody was asked */
  readonly reason?: string;
  /** Milliseconds since 1970 */
  readonly requestedAt: number;
  readonly expiresAt: number;
  readonly handedOverAt?: number;
}

/** A row of the loop service's `reply`: what it asked connectors to say. */
export interface ReplyRow {
  readonly replyId: string;
  readonly kind: string;
  readonly loopId: string;
  /** Of the loop, where it is an answer */
  readonly version?: number;
  readonly cycle: number;
  readonly state: string;
}

/** A row of ingestion's `reply`: what it was asked to send. */
export interface SendingRow {
  readonly replyId: string;
  readonly kind: string;
  readonly loopId: string;
  readonly source: string;
  readonly state: string;
}

/** An event of reply-sent or reply-failed. */
export interface ReplyResult {
  readonly replyId: string;
  readonly loopId: string;
  readonly result: 'sent' | 'failed';
}

/** An event of the inbox of a team. */
export interface InboxEvent {
  readonly team: string;
  /** ce_id */
  readonly id: string;
  readonly loopId: string;
  readonly version: number;
}

/** An event of feedback.received, feedback.tagged or feedback.routed. */
export interface FeedbackEvent {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** ce_id */
  readonly id: string;
  readonly feedbackId: string;
  readonly revision: number;
  readonly contentHash: string;
  readonly tagRevision: number;
  readonly routeRevision: number;
  /** Sent again on purpose, by a replay or a republish */
  readonly resent: boolean;
}

/** An event of loop.changed. */
export interface LoopEvent {
  readonly partition: number;
  readonly offset: number;
  /** ce_id */
  readonly id: string;
  readonly loopId: string;
  /** 0: a settlement without a loop */
  readonly version: number;
  readonly change: string;
  readonly feedbackId?: string;
  readonly revision?: number;
  readonly settlement?: number;
  readonly resent: boolean;
  /** When the broker took it, by its clock; milliseconds since 1970 */
  readonly takenAt: number;
}

/** A message of feedback.inbound, as far as it can be read. */
export interface InboundMessage {
  readonly partition: number;
  readonly offset: number;
  /** '' where it says none that can be one */
  readonly source: string;
  readonly feedbackId?: string;
  /** What contentHash is for one in canonical form */
  readonly contentHash?: string;
  readonly kind?: string;
  /** Milliseconds since 1970 */
  readonly updatedAt?: number;
  /** For another group than ingestion's, which skips it */
  readonly skipped: boolean;
}

/** A message of a dead-letter topic. */
export interface TopicLetter {
  /** dl_id; '' where there is none */
  readonly id: string;
  readonly group: string;
  /** Where the event that died stood */
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
}

/** What `GET /v1/ledger` says of all sources. */
export interface LedgerView {
  readonly results: Readonly<Record<string, number>>;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly unsettled: { readonly total: number };
  readonly missing: number;
}

/** What stores, topics, the ledger and the receiver of webhooks hold once all has come to rest. */
export interface Held extends Received {
  readonly ledger: readonly LedgerRow[];
  readonly revisions: readonly RevisionRow[];
  readonly letters: readonly LetterRow[];
  readonly standings: readonly LoopStanding[];
  readonly tallies: readonly Tally[];
  readonly settled: readonly SettledRow[];
  readonly settlements: readonly SettlementRow[];
  readonly loops: readonly LoopRow[];
  readonly history: readonly HistoryRow[];
  readonly deadlines: readonly DeadlineRow[];
  readonly loopTallies: readonly LoopTally[];
  readonly deliveries: readonly DeliveryRow[];
  readonly followUps: readonly FollowUpRow[];
  readonly replies: readonly ReplyRow[];
  readonly sendings: readonly SendingRow[];
  readonly replyResults: readonly ReplyResult[];
  readonly inbox: readonly InboxEvent[];
  /** When the loop service's tables were read, by the database's clock; milliseconds since 1970 */
  readonly now: number;
  /** By topic and partition, in the order of their offsets */
  readonly events: readonly FeedbackEvent[];
  readonly loopEvents: readonly LoopEvent[];
  readonly inbound: readonly InboundMessage[];
  readonly topicLetters: readonly TopicLetter[];
  /** Rows that wait in the outboxes */
  readonly unsent: Readonly<Record<'ingestion' | 'loop', number>>;
  readonly view: LedgerView;
}

/** What a rule finds broken. The phase is found out by the id. */
export interface Broken {
  readonly how: 'lost' | 'doubled' | 'misordered' | 'other';
  /** Of a feedback or a loop, where it is about one */
  readonly id: string;
  readonly told: string;
  readonly found: string;
}

/** One promise, as a function over plain data. */
export type Rule = (heard: Heard, held: Held) => Iterable<Broken>;
