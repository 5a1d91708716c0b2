import { type DeadLetterReason, type EventDeclaration } from '@closeloop/contracts';

/** An event to be sent. Its topic and key come from the declaration; it carries on the trace of what caused it. */
export interface OutgoingEvent<T extends object = object> {
  /** One that the station produces */
  readonly event: EventDeclaration<T>;
  /** Derived, never drawn: `hopEventId`, `loopEventId`, `settlementEventId` */
  readonly id: string;
  /** feedbackId; loopId for loop.changed */
  readonly subject: string;
  readonly data: T;
  /** The data as JSON in UTF-8, where the sender has it at hand */
  readonly json?: Buffer;
  /** RFC 3339; the time of sending unless given */
  readonly time?: string;
  /** Of what caused it, where that is not the request or the event being handled */
  readonly traceparent?: string;
}

/** What a handler made of one event. It never throws to say so. */
export type Outcome =
  | { readonly kind: 'ok'; readonly emit: readonly OutgoingEvent[] }
  | { readonly kind: 'drop'; readonly reason: string }
  | { readonly kind: 'dead-letter'; readonly reason: DeadLetterReason; readonly message: string };

/** Handled; these events are sent, or stand in the outbox, before the event counts as done. */
export const ok = <T extends object>(...emit: readonly OutgoingEvent<T>[]): Outcome => ({
  kind: 'ok',
  emit: emit as readonly unknown[] as readonly OutgoingEvent[],
});

/** Nothing is to be done, on purpose. A hop may not drop what was accepted: it counts there as an error of the handler. */
export const drop = (reason: string): Outcome => ({ kind: 'drop', reason });

/** It cannot be handled: it goes to `<topic>.dead-letter`, and the ones around it go on. */
export const deadLetter = (reason: DeadLetterReason, message: string): Outcome => ({
  kind: 'dead-letter',
  reason,
  message,
});
