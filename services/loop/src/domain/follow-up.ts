import { deriveId, type LoopState } from '@closeloop/contracts';
import { isZone, quietUntil, type QuietHours } from './quiet-hours.js';

/** csat: how satisfied, 1 to 5. ces: how easy, 1 to 7. */
export const questions = ['csat', 'ces'] as const;
export type Question = (typeof questions)[number];

/** mail: to the customer's address. connector: where the customer spoke, by the connector of the source. */
export const ways = ['mail', 'connector'] as const;
export type Way = (typeof ways)[number];

/**
 * pending: to be handed over when it is due. handed-over: a mail server or the outbox has it. answered: the customer has.
 * skipped: nobody is asked, `reason` says why. void: the loop was not resolved any more when it would have been its turn.
 */
export const followUpStates = ['pending', 'handed-over', 'answered', 'skipped', 'void'] as const;
export type FollowUpState = (typeof followUpStates)[number];

/**
 * off: no question is set for this team. opted-out: does not want to hear from us. not-reachable: no address, and no way to the source. capped: this customer was
 * asked lately. too-late: the loop's window ended before. refused: the customer's mail server will not take it, or the
 * connector could not say it.
 */
export const skipReasons = ['off', 'opted-out', 'not-reachable', 'capped', 'too-late', 'refused'] as const;
export type SkipReason = (typeof skipReasons)[number];

/** What an answer did: confirmed and objected moved the loop; neutral is the middle; late came when it could not. */
export const answerOutcomes = ['confirmed', 'objected', 'neutral', 'late'] as const;
export type AnswerOutcome = (typeof answerOutcomes)[number];

/** One question to one customer: whether what a loop was about is done. One for each cycle of a loop that is resolved. */
export interface FollowUp {
  readonly followUpId: string;
  readonly loopId: string;
  readonly cycle: number;
  readonly state: FollowUpState;
  readonly reason?: SkipReason;
  readonly requestedAt: Date;
  /** When it may be handed over, or is tried again */
  readonly dueAt: Date;
  /** When the loop's window ends */
  readonly expiresAt: Date;
  /** How often handing over was begun */
  readonly attempts: number;
  /** Whom the cap counts: a derived key */
  readonly customer?: string;
  /** When handing over was begun for the first time: from then on the customer may have it */
  readonly askedAt?: Date;
  readonly handedOverAt?: Date;
  readonly way?: Way;
  readonly question?: Question;
  /** BCP 47 of the texts that were used */
  readonly language?: string;
  /** Whose author was asked */
  readonly feedbackId?: string;
  readonly answeredAt?: Date;
  readonly score?: number;
  readonly outcome?: AnswerOutcome;
  /** Of the loop's event that the answer gave */
  readonly version?: number;
}

/** The same for the same loop and cycle, so that it is requested once. */
export const followUpIdOf = (loopId: string, cycle: number): string => deriveId('follow-up', loopId, String(cycle));

/** The same for each try, so that whoever gets a mail twice can tell. */
export const messageIdOf = (followUpId: string): string => `<${followUpId}@closeloop>`;

export const highestScore = (question: Question): number => (question === 'csat' ? 5 : 7);

export const isScore = (question: Question, score: number): boolean =>
  Number.isInteger(score) && score >= 1 && score <= highestScore(question);

/** CSAT 4–5 and CES 5–7 are good, CSAT 1–2 and CES 1–3 bad; the middle is no verdict. */
export function verdictOf(question: Question, score: number): 'confirm' | 'object' | 'neutral' {
  const middle = (highestScore(question) + 1) / 2;
  return score > middle ? 'confirm' : score < middle ? 'object' : 'neutral';
}

/** A feedback of a loop, as far as its author can be asked by it. */
export interface Contact {
  readonly feedbackId: string;
  readonly revision: number;
  readonly source: string;
  readonly channel: string;
  readonly externalId?: string;
  readonly email?: string;
  /** BCP 47 */
  readonly language?: string;
  /** As the source tells it; may be anything */
  readonly zone?: string;
  /** The source says that this customer is not to be contacted */
  readonly optedOut?: true;
}

/** What is set for the whole installation. */
export interface FollowUpPolicy {
  /** undefined: nobody is asked */
  questionOf(team: string): Question | undefined;
  /** In the order in which they are tried */
  waysOf(contact: Contact): readonly Way[];
  readonly canMail: boolean;
  readonly quiet: QuietHours | undefined;
  /** Of customers whose own is not known */
  readonly zone: string;
  /** Most follow-ups to one customer within the last `capDays`; 0: no cap */
  readonly cap: number;
}

/** What the loop of a follow-up is like when it is its turn. */
export interface FollowedLoop {
  readonly state: LoopState;
  readonly cycle: number;
  readonly team: string;
}

/** Another question to the same customer, or something else that the customer was told. */
export interface Asked {
  /** Of the question or notice */
  readonly id: string;
  readonly loopId: string;
  readonly answered: boolean;
  readonly askedAt: Date;
}

export type HandOver =
  | { readonly kind: 'void' }
  | { readonly kind: 'skip'; readonly reason: SkipReason }
  | { readonly kind: 'wait'; readonly until: Date }
  | { readonly kind: 'ask'; readonly way: Way; readonly question: Question; readonly contact: Contact };

/**
 * What is to become of a follow-up that is due. `contacts`: the loop's feedback with words, newest first; `asked`: what
 * the customer was asked within the days of the cap.
 */
export function handOver(
  followUp: FollowUp,
  loop: FollowedLoop,
  contacts: readonly Contact[],
  asked: readonly Asked[],
  policy: FollowUpPolicy,
  now: Date,
): HandOver {
  if (loop.state !== 'resolved' || loop.cycle !== followUp.cycle) return { kind: 'void' };
  if (now >= followUp.expiresAt) return { kind: 'skip', reason: 'too-late' };
  const question = policy.questionOf(loop.team);
  if (!question) return { kind: 'skip', reason: 'off' };
  if (contacts.some(({ optedOut }) => optedOut)) return { kind: 'skip', reason: 'opted-out' };
  const reachable = reachableBy(contacts, policy);
  if (!reachable) return { kind: 'skip', reason: 'not-reachable' };
  const { zone } = reachable.contact;
  const until = policy.quiet && quietUntil(now, zone && isZone(zone) ? zone : policy.zone, policy.quiet);
  if (until) return { kind: 'wait', until };
  // one that was begun before was counted then
  if (followUp.askedAt === undefined && isCapped(followUp, asked, policy.cap))
    return { kind: 'skip', reason: 'capped' };
  return { kind: 'ask', question, ...reachable };
}

/** Whom to ask, and how: by the newest feedback that can be, in the first of its ways. */
function reachableBy(
  contacts: readonly Contact[],
  policy: FollowUpPolicy,
): { readonly way: Way; readonly contact: Contact } | undefined {
  for (const contact of contacts) {
    const way = policy.waysOf(contact).find((each) => isReachable(contact, each, policy));
    if (way) return { way, contact };
  }
  return undefined;
}

const isReachable = ({ email }: Contact, way: Way, { canMail }: FollowUpPolicy): boolean =>
  way === 'connector' || (canMail && email !== undefined && isAddress(email));

/** One address and nothing else: what could be taken for several, or for a header, is none. */
export const isAddress = (text: string): boolean =>
  /^[^\s@,;:<>()[\]\\"\p{C}]+@[^\s@,;:<>()[\]\\"\p{C}]+$/u.test(text) && text.length <= 254;

/** An answered question about the same loop does not count: who said "no" is asked again when it is mended. */
const isCapped = (followUp: FollowUp, asked: readonly Asked[], cap: number): boolean =>
  cap > 0 &&
  asked.filter(({ id, loopId, answered }) => id !== followUp.followUpId && !(loopId === followUp.loopId && answered))
    .length >= cap;

const minute = 60_000;

/** When handing over is tried again: after 1, 2, 4 … minutes, an hour at the longest. `chance`: 0 to 1, spreads them. */
export const retryAt = (now: Date, attempts: number, chance: number): Date =>
  new Date(now.getTime() + Math.min(60, 2 ** Math.max(0, attempts - 1)) * minute * (0.75 + chance / 2));

/** What a loop's move does to follow-ups: whether one is requested, and whether the one before is void unless it was sent. */
export function followUpChange(
  before: Pick<FollowedLoop, 'state' | 'cycle'>,
  after: Pick<FollowedLoop, 'state' | 'cycle'>,
): { readonly requested: boolean; readonly left: boolean } {
  const stayed = before.cycle === after.cycle && before.state === after.state;
  return { requested: after.state === 'resolved' && !stayed, left: before.state === 'resolved' && !stayed };
}
