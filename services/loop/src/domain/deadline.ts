import { circumstancesOf, type Loop, type LoopCommand } from './loop.js';
import { nextMoment } from './sla/clocks.js';
import { type Terms } from './sla/settings.js';
import { type SlaBook } from './sla/sla-book.js';

/**
 * What time does to a loop. expiry: the customer's time to answer is over; clock: a clock comes to a warning, a limit or
 * the next level; terms: newer promises are to hold for it, because somebody said so.
 */
export const deadlineKinds = ['expiry', 'clock', 'terms'] as const;
export type DeadlineKind = (typeof deadlineKinds)[number];

/** When time does something to a loop, unless something else happens to it before. */
export interface Deadline {
  readonly kind: DeadlineKind;
  readonly dueAt: Date;
}

/** The deadlines that follow from a loop as it is now, at most one of a kind. */
export function deadlinesOf(loop: Loop, terms: Terms | undefined): readonly Deadline[] {
  if (loop.expiresAt) return [{ kind: 'expiry', dueAt: loop.expiresAt }];
  const moment = terms && nextMoment(loop, terms);
  return moment ? [{ kind: 'clock', dueAt: moment.dueAt }] : [];
}

/** The command that a deadline gives when it is due. */
export function commandOf(kind: DeadlineKind, loop: Loop, at: Date, { active }: SlaBook): LoopCommand {
  const by = { at, actor: { kind: 'system' } } as const;
  switch (kind) {
    case 'expiry':
      return { ...by, type: 'expire' };
    case 'clock':
      return { ...by, type: 'keep-time' };
    case 'terms':
      return { ...by, type: 'set-terms', terms: active.refFor(circumstancesOf(loop)) };
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
  book: SlaBook,
): { readonly kept: readonly KeptDeadline[]; readonly dropped: readonly KeptDeadline[] } {
  const had = before ? deadlinesOf(before, book.termsOf(before)) : [];
  const has = deadlinesOf(after, book.termsOf(after));
  const within = (list: readonly Deadline[], { kind, dueAt }: Deadline): boolean =>
    list.some((other) => other.kind === kind && other.dueAt.getTime() === dueAt.getTime());
  const { loopId } = after;
  return {
    kept: has.filter((deadline) => !within(had, deadline)).map((deadline) => ({ ...deadline, loopId })),
    dropped: had.filter((deadline) => !within(has, deadline)).map((deadline) => ({ ...deadline, loopId })),
  };
}
