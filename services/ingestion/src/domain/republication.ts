import { type Actor } from './actor.js';

/** Which feedback: those, or whatever had a revision received from `from` on before `to`. Every revision of each is meant. */
export type Republished =
  { readonly ids: readonly string[] } | { readonly from: Date; readonly to?: Date; readonly source?: string };

/** The last revision that was sent: pages go by the order of ids, and by that of revisions within one feedback. */
export interface RevisionPlace {
  readonly feedbackId: string;
  readonly revision: number;
}

export interface Republication {
  /** Feedback that the page was of, in part or whole */
  readonly feedback: number;
  /** Events that were put into the outbox */
  readonly events: number;
  /** Revisions whose content was erased: nothing is left to send */
  readonly erased: number;
  /** Where the next page begins; absent after the last one */
  readonly next?: RevisionPlace;
}

export abstract class RepublicationStore {
  /**
   * Puts a page of events into the outbox, as they were sent the first time, in one transaction.
   * @param resend value of their resend header
   */
  abstract republish(
    which: Republished,
    after: RevisionPlace | undefined,
    resend: string,
    actor: Actor,
  ): Promise<Republication>;
  /** Events that wait to be sent, seconds old. */
  abstract unsent(): number;
  /** Whether too much waits to be sent for anything to be added. */
  abstract isFull(): boolean;
  /** Tells the relay, after a commit, that there is something to send. */
  abstract wake(): void;
}
