import { Injectable } from '@nestjs/common';
import { type NoticeRequested, type ReplyRequested } from '@closeloop/contracts';
import { customerOf } from '../domain/follow-up-link.js';
import { textsOf } from '../domain/follow-up-language.js';
import { FollowUpMailer } from '../domain/follow-up-mailer.js';
import { type FollowUpMail } from '../domain/follow-up-message.js';
import { type RequestedReply } from '../domain/follow-up-store.js';
import { retryAt, type Asked, type Contact, type Way } from '../domain/follow-up.js';
import { noticeMailOf, noticeTextOf, type NoticeWords } from '../domain/notice-message.js';
import { NoticeStore, type DueNotice, type TellTransaction } from '../domain/notice-store.js';
import {
  tell,
  type Notice,
  type NoticePolicy,
  type NoticeSkipReason,
  type OtherNotice,
  type Settled,
  type Telling,
} from '../domain/notice.js';
import { FollowUpConfig } from '../follow-up.config.js';

/** Most notices of one transaction. */
const batch = 50;
/** How long one who has begun to send a batch may take; then another begins anew. Longer than a mail server may be silent. */
const leaseMs = 120_000;
/** A mail that is begun so late in a lease could end after it. */
const lastStartMs = leaseMs - 60_000;
const dayMs = 86_400_000;

interface OutgoingMail {
  readonly notice: Notice;
  readonly mail: FollowUpMail & { readonly to: string };
}

export interface TellReport {
  /** Notices that were looked at */
  readonly looked: number;
  readonly handedOver: readonly Way[];
  readonly skipped: readonly NoticeSkipReason[];
  /** Mails that will be tried again */
  readonly failed: number;
}

/** Tells customers what was improved because of them: each once for an improvement, none at night, none too often. */
@Injectable()
export class TellCustomers {
  private readonly policy: NoticePolicy;

  constructor(
    private readonly store: NoticeStore,
    private readonly mailer: FollowUpMailer,
    private readonly config: FollowUpConfig,
  ) {
    const { quiet, zone, cap, capDays } = config;
    this.policy = {
      ...{ quiet, zone, cap, capDays, canMail: mailer.isOn },
      waysOf: (contact) => config.noticeWaysOf(contact),
    };
  }

  /** Keeps what is asked for. @returns what is to be told of those that are settled already */
  request(transaction: object, requested: readonly NoticeRequested[], now: Date): Promise<Settled[]> {
    const expiresAt = new Date(now.getTime() + this.config.noticeDays * dayMs);
    return this.store.request(transaction, requested, now, expiresAt);
  }

  /**
   * One batch of what is due. What is decided is committed before anything is sent; a process that dies between sending
   * and recording leaves it to be sent again, under the same id.
   * @throws BackPressure while too much waits to be sent
   */
  async handle(limit = batch): Promise<TellReport> {
    const begun = performance.now();
    const { looked, mails, skipped, replies } = await this.store.handOver((tx, now) => this.decide(tx, now, limit));
    const handedOver: Way[] = Array.from({ length: replies }, () => 'connector');
    let failed = 0;
    for (const { notice, mail } of mails) {
      if (performance.now() - begun > lastStartMs) break;
      try {
        await this.mailer.send(mail);
      } catch (error) {
        const isFinal = (error as { isFinal?: boolean }).isFinal === true;
        const at = retryAt(notice.dueAt, notice.attempts, Math.random());
        await this.store.notTaken(notice.noticeId, isFinal ? 'refused' : { at });
        if (!isFinal) failed++;
        continue;
      }
      await this.store.sent(notice.noticeId);
      handedOver.push('mail');
    }
    return { looked, handedOver, skipped, failed };
  }

  private async decide(tx: TellTransaction, now: Date, limit: number) {
    const due = await tx.lockDue(now, limit, (customer, contacts) =>
      customerOf(customer, contacts, this.config.secrets[0]),
    );
    const customers = [...new Set(due.flatMap(({ customer }) => customer ?? []))].sort();
    const asked = await this.askedOf(tx, customers, now);
    const others = await this.othersOf(tx, due, customers);
    const changed: Notice[] = [];
    const settled: Settled[] = [];
    const mails: OutgoingMail[] = [];
    const replies: RequestedReply[] = [];
    const skipped: NoticeSkipReason[] = [];
    for (const { notice, loop, contacts, text, customer } of due) {
      const { noticeId, improvementId, loopId } = notice;
      const heard = customer === undefined ? [] : (asked.get(customer) ?? []);
      const same = customer === undefined ? [] : (others.get(keyOf(improvementId, customer)) ?? []);
      const decided = tell(notice, loop, contacts, same, heard, this.policy, now);
      const after = afterwards(notice, decided, now, customer);
      changed.push(after);
      if (decided.kind === 'skip') {
        skipped.push(decided.reason);
        settled.push({ noticeId, improvementId, loopId, outcome: 'skipped', reason: decided.reason, at: now });
      }
      if (decided.kind !== 'tell') continue;
      if (customer !== undefined) {
        others.set(keyOf(improvementId, customer), [...same.filter((one) => one.noticeId !== noticeId), after]);
        asked.set(customer, [...heard, { id: noticeId, loopId, answered: false, askedAt: after.askedAt ?? now }]);
      }
      const words: NoticeWords = {
        ...{ noticeId, text, language: after.language },
        ...(this.config.publicName !== undefined && { from: this.config.publicName }),
      };
      if (decided.way === 'connector') {
        replies.push({ data: requestOf(after, decided.contact, words, now), cycle: loop.cycle });
      }
      // the time that is tried again is counted from now
      else
        mails.push({ notice: { ...after, dueAt: now }, mail: { ...noticeMailOf(words), to: decided.contact.email! } });
    }
    await tx.save(changed);
    await tx.settle(settled);
    await tx.tell(replies);
    return { looked: due.length, mails, skipped, replies: replies.length };
  }

  private async askedOf(tx: TellTransaction, customers: readonly string[], now: Date) {
    const asked = new Map<string, readonly Asked[]>();
    if (customers.length === 0 || this.policy.cap === 0) return asked;
    const since = new Date(now.getTime() - this.config.capDays * dayMs);
    for (const { customer, ...one } of await tx.askedSince(customers, since)) {
      asked.set(customer, [...(asked.get(customer) ?? []), one]);
    }
    return asked;
  }

  private async othersOf(tx: TellTransaction, due: readonly DueNotice[], customers: readonly string[]) {
    const others = new Map<string, readonly OtherNotice[]>();
    if (customers.length === 0) return others;
    const improvements = [...new Set(due.map(({ notice }) => notice.improvementId))];
    for (const { improvementId, customer, ...one } of await tx.othersOf(improvements, customers)) {
      const key = keyOf(improvementId, customer);
      others.set(key, [...(others.get(key) ?? []), one]);
    }
    return others;
  }
}

const keyOf = (improvementId: string, customer: string): string => `${improvementId}/${customer}`;

function afterwards(notice: Notice, decided: Telling, now: Date, customer: string | undefined): Notice {
  // known from its first turn on: others of the same customer look for it
  const known = { ...notice, ...(customer !== undefined && { customer }) };
  switch (decided.kind) {
    case 'skip':
      return { ...known, state: 'skipped', reason: decided.reason, settledAt: now };
    case 'wait':
      return { ...known, dueAt: decided.until };
    case 'tell': {
      const { way, contact } = decided;
      return {
        ...known,
        ...{ way, feedbackId: contact.feedbackId, language: textsOf(contact.language).language },
        ...{ askedAt: notice.askedAt ?? now, attempts: notice.attempts + 1 },
        ...(way === 'connector' ? { state: 'handed-over' } : { dueAt: new Date(now.getTime() + leaseMs) }),
      };
    }
  }
}

const requestOf = (
  { noticeId, loopId, language }: Notice,
  { feedbackId, revision, source, channel, externalId }: Contact,
  words: NoticeWords,
  now: Date,
): ReplyRequested => ({
  ...{ replyId: noticeId, kind: 'answer', loopId, feedbackId, revision, source, channel },
  ...(externalId !== undefined && { externalId }),
  ...(language !== undefined && { language }),
  text: noticeTextOf(words),
  at: now.toISOString(),
});
