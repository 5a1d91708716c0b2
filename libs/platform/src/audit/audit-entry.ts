import { type Principal } from '../access.js';

/** Who changed something: somebody with a token, or whoever ran a command on the machine. */
export interface AuditActor {
  readonly kind: 'person' | 'command';
  /** Of the token; the user of the operating system */
  readonly subject: string;
  readonly roles: readonly string[];
}

/** A value that tells of a person or in a person's words: a hash of it is written instead. */
export class Personal {
  constructor(readonly value: string) {}
}

/** Marks a value as {@link Personal}; undefined stays undefined. */
export function personal(value: string): Personal;
export function personal(value: string | null | undefined): Personal | undefined;
export function personal(value: string | null | undefined): Personal | undefined {
  return value == null ? undefined : new Personal(value);
}

/** Keys and plain values by name; `undefined` is left out. */
export type AuditFacts = Readonly<
  Record<string, string | number | boolean | null | readonly string[] | Personal | undefined>
>;

/** One change. */
export interface AuditEntry {
  readonly actor: AuditActor;
  /** What was done: kind and verb in the past tense, such as `api-key.created` */
  readonly action: string;
  readonly resource: { readonly kind: string; readonly id: string };
  /** What of it was so before, as far as it changed; absent where there was nothing */
  readonly before?: AuditFacts;
  /** What is so since; absent where nothing is left */
  readonly after?: AuditFacts;
}

/** The person who asks, as an audit entry names them. @throws for a connector: what it sends is no person's change */
export function auditActorOf(principal: Principal): AuditActor {
  if (principal.kind !== 'person') throw new Error('a connector changes nothing that is audited');
  return { kind: 'person', subject: principal.subject, roles: principal.roles };
}
