import type { FeedbackKind, TrailStep } from '@closeloop/contracts';
import type { LetterState } from './dead-letters.js';
import type { FeedbackView } from './ledger-view.js';

/** Where a feedback has been, revision by revision. Times are RFC 3339. */
export interface TraceView extends Pick<
  FeedbackView,
  'feedbackId' | 'source' | 'revision' | 'status' | 'outcome' | 'loop'
> {
  readonly revisions: readonly {
    readonly revision: number;
    readonly kind: FeedbackKind;
    readonly receivedAt: string;
    /** ce_id of its `feedback.received.v1` */
    readonly eventId: string;
    /** `waiting`: committed and not yet acknowledged by Kafka */
    readonly outbox: 'waiting' | 'sent';
    /** The steps of what settled it, first one first; empty while nothing has, and where it came too long ago */
    readonly steps: readonly TrailStep[];
  }[];
  readonly deadLetters: readonly {
    readonly id: string;
    readonly revision?: number;
    readonly state: LetterState;
    readonly reason: string;
    /** The last one is where it died; empty but for that once it was erased */
    readonly steps: readonly TrailStep[];
  }[];
}

export abstract class TraceReader {
  abstract trace(feedbackId: string): Promise<TraceView | undefined>;
}
