import { type Loop, type LoopCommand } from './loop.js';

/** What time does to a loop. A clock that comes with an SLA policy is one more kind. */
export const deadlineKinds = ['expiry'] as const;
export type DeadlineKind = (typeof deadlineKinds)[number];

/** When time does something to a loop, unless something else happens to it before. */
export interface Deadline {
  readonly kind: DeadlineKind;
  readonly dueAt: Date;
}

/** The deadlines of a loop as it is now, at most one of a kind. Every other one that was ever set is void. */
export const deadlinesOf = ({ expiresAt }: Loop): readonly Deadline[] =>
  expiresAt ? [{ kind: 'expiry', dueAt: expiresAt }] : [];

/** The command that a deadline gives when it is due. */
export function commandOf({ kind }: Deadline, at: Date): LoopCommand {
  switch (kind) {
    case 'expiry':
      return { type: 'expire', at, actor: { kind: 'system' } };
  }
}

/** A deadline of a loop, as it is kept until it is due or void. */
export interface KeptDeadline extends Deadline {
  readonly loopId: string;
}

/** What is to be kept and what is not any more, when a loop becomes another. */
export function deadlineChanges(
  before: Loop | undefined,
  after: Loop,
): { readonly kept: readonly KeptDeadline[]; readonly dropped: readonly KeptDeadline[] } {
  const had = before ? deadlinesOf(before) : [];
  const has = deadlinesOf(after);
  const within = (list: readonly Deadline[], { kind, dueAt }: Deadline): boolean =>
    list.some((other) => other.kind === kind && other.dueAt.getTime() === dueAt.getTime());
  const { loopId } = after;
  return {
    kept: has.filter((deadline) => !within(had, deadline)).map((deadline) => ({ ...deadline, loopId })),
    dropped: had
      .filter(({ kind }) => !has.some((other) => other.kind === kind))
      .map((deadline) => ({ ...deadline, loopId })),
  };
}
