import {
  noticeEventId,
  noticeSettled,
  type LoopState,
  type NoticeOutcome,
  type NoticeSettled,
} from '@closeloop/contracts';
import { isAddress, type Asked, type Contact, type FollowUpPolicy, type Way } from './follow-up.js';
import { isZone, quietUntil } from './quiet-hours.js';

/**
 * pending: to be handed over when it is due. handed-over: a connector was asked to say it, and has not answered. sent: the customer
 * has it. skipped: this loop's customer is not told by it, `reason` says why.
 */
export type NoticeState = 'pending' | 'handed-over' | 'sent' | 'skipped';

/**
 * same-customer: told because of another loop. opted-out: does not want to hear from us. erased: the words are gone, and with them
 * whom to tell. not-reachable: no address, and no way to the source. capped: heard from us too often until the time was over.
 * refused: no mail server and no connector would take it. too-late: nobody could be told in time. no-loop: there is no such loop.
 */
export type NoticeSkipReason =
  'same-customer' | 'opted-out' | 'erased' | 'not-reachable' | 'capped' | 'refused' | 'too-late' | 'no-loop';

/** What the customer of one loop is to be told of one improvement. */
export interface Notice {
  readonly noticeId: string;
  readonly improvementId: string;
  readonly loopId: string;
  readonly state: NoticeState;
  readonly reason?: NoticeSkipReason;
  readonly requestedAt: Date;
  /** When it may be handed over, or is tried again */
  readonly dueAt: Date;
  /** Until when it is tried */
  readonly expiresAt: Date;
  /** How often handing over was begun */
  readonly attempts: number;
  /** Who is told once, and whom the cap counts: a derived key */
  readonly customer?: string;
  /** When handing over was begun for the first time: from then on the customer may have it */
  readonly askedAt?: Date;
  readonly settledAt?: Date;
  readonly way?: Way;
  /** Ways that were tried and lead to nobody */
  readonly failed: readonly Way[];
  /** BCP 47 of the texts around the message */
  readonly language?: string;
  /** Whose author is told */
  readonly feedbackId?: string;
}

export const noticeMessageIdOf = (noticeId: string): string => `<${noticeId}@closeloop>`;

/** Another loop's notice of the same improvement to the same customer. */
export type OtherNotice = Pick<Notice, 'noticeId' | 'state' | 'askedAt'>;

/** What is set for the whole installation. `waysOf`: of notices. */
export type NoticePolicy = Pick<FollowUpPolicy, 'waysOf' | 'canMail' | 'quiet' | 'zone' | 'cap'> & {
  readonly capDays: number;
};

export type Telling =
  | { readonly kind: 'skip'; readonly reason: NoticeSkipReason }
  | { readonly kind: 'wait'; readonly until: Date }
  | { readonly kind: 'tell'; readonly way: Way; readonly contact: Contact };

/** How long one waits that hangs on what becomes of another one to the same customer. */
const otherMs = 5 * 60_000;
const dayMs = 86_400_000;

/**
 * What is to become of a notice that is due. `contacts`: the loop's feedback with words, newest first; `others`: of the same
 * improvement to the same customer; `asked`: what else the customer heard from us within the days of the cap.
 */
export function tell(
  notice: Notice,
  loop: { readonly state: LoopState },
  contacts: readonly Contact[],
  others: readonly OtherNotice[],
  asked: readonly Asked[],
  policy: NoticePolicy,
  now: Date,
): Telling {
  if (loop.state === 'withdrawn' || contacts.length === 0) return skip('erased');
  if (contacts.some(({ optedOut }) => optedOut)) return skip('opted-out');
  const besides = others.filter(({ noticeId }) => noticeId !== notice.noticeId);
  if (besides.some(({ state }) => state === 'sent')) return skip('same-customer');
  if (now >= notice.expiresAt) return skip(notice.failed.length > 0 ? 'refused' : 'too-late');
  // one that is under way may fail yet: then this one is the customer's other chance
  const isUnderWay = besides.some(
    ({ state, askedAt }) => state === 'handed-over' || (state === 'pending' && askedAt !== undefined),
  );
  if (isUnderWay) return wait(new Date(now.getTime() + otherMs));
  const reachable = reachableBy(contacts, notice.failed, policy);
  if (!reachable) return skip(notice.failed.length > 0 ? 'refused' : 'not-reachable');
  const { zone } = reachable.contact;
  const until = policy.quiet && quietUntil(now, zone && isZone(zone) ? zone : policy.zone, policy.quiet);
  if (until) return wait(until);
  // one that was begun before was counted then
  if (notice.askedAt === undefined) {
    const free = freeAt(asked, policy);
    if (free && free > now) return free < notice.expiresAt ? wait(free) : skip('capped');
  }
  return { kind: 'tell', ...reachable };
}

const skip = (reason: NoticeSkipReason): Telling => ({ kind: 'skip', reason });
const wait = (until: Date): Telling => ({ kind: 'wait', until });

function reachableBy(
  contacts: readonly Contact[],
  failed: readonly Way[],
  policy: NoticePolicy,
): { readonly way: Way; readonly contact: Contact } | undefined {
  for (const contact of contacts) {
    const way = policy
      .waysOf(contact)
      .find((each) => !failed.includes(each) && (each === 'connector' || canBeMailed(contact, policy)));
    if (way) return { way, contact };
  }
  return undefined;
}

const canBeMailed = ({ email }: Contact, { canMail }: NoticePolicy): boolean =>
  canMail && email !== undefined && isAddress(email);

/** When the cap lets one more through; undefined: it does already. */
function freeAt(asked: readonly Asked[], { cap, capDays }: NoticePolicy): Date | undefined {
  if (cap === 0 || asked.length < cap) return undefined;
  const newestFirst = asked.map(({ askedAt }) => askedAt.getTime()).sort((one, other) => other - one);
  return new Date(newestFirst[cap - 1]! + capDays * dayMs);
}

/** What came of a notice, as an event: its id follows from what it says. */
export const outgoingSettlement = (settled: Settled) => ({
  ...{ event: noticeSettled, id: noticeEventId('settled', settled.noticeId), subject: settled.loopId },
  ...{ time: settled.at.toISOString(), data: settlementData(settled) },
});

/** A notice that nobody hands over any more. */
export interface Settled {
  readonly noticeId: string;
  readonly improvementId: string;
  readonly loopId: string;
  readonly outcome: NoticeOutcome;
  readonly reason?: string;
  readonly way?: string;
  readonly at: Date;
}

const settlementData = ({ at, ...settled }: Settled): NoticeSettled => ({ ...settled, at: at.toISOString() });
