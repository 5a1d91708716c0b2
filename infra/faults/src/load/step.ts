import { type Submission } from './journal.js';

/** One thing to hand over, ready to be sent. */
export interface Step {
  /** JSON text of the feedback; for poison it may be none */
  readonly body: string;
  /** Instead of an external id */
  readonly idempotencyKey?: string;
  /** Headers that differ from what a well-behaved producer or client would send */
  readonly headers?: Readonly<Record<string, string>>;
  /** It can only be sent alone: as one of a batch it would spoil the others */
  readonly alone?: boolean;
  /** The key of a message in Kafka */
  readonly key: string;
  readonly notes: Omit<Submission, 'no' | 'phase' | 'via'>;
}
