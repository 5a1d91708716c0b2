import { Injectable } from '@nestjs/common';
import { type ReplyRequested } from '@closeloop/contracts';
import { FollowUpMailer } from '../domain/follow-up-mailer.js';
import { mailOf, messageOf, type Asking, type FollowUpMail } from '../domain/follow-up-message.js';
import {
  FollowUpStore,
  type DueFollowUp,
  type HandOverTransaction,
  type RequestedReply,
} from '../domain/follow-up-store.js';
import {
  handOver,
  retryAt,
  type Asked,
  type Contact,
  type FollowUp,
  type FollowUpPolicy,
  type HandOver,
  type SkipReason,
  type Way,
} from '../domain/follow-up.js';
import { textsOf } from '../domain/follow-up-language.js';
import { customerOf, tokenOf } from '../domain/follow-up-link.js';
import { FollowUpConfig } from '../follow-up.config.js';

/** Most follow-ups of one transaction. */
const batch = 20;
/** How long one who has begun to send a batch may take; then another begins anew. Longer than a mail server may be silent. */
const leaseMs = 120_000;
/** A mail that is begun so late in a lease could end after it. */
const lastStartMs = leaseMs - 60_000;
const dayMs = 86_400_000;

interface OutgoingMail {
  readonly followUp: FollowUp;
  readonly mail: FollowUpMail & { readonly to: string };
}

export interface HandOverReport {
  /** Follow-ups that were looked at */
  readonly looked: number;
  readonly handedOver: readonly Way[];
  readonly skipped: readonly SkipReason[];
  /** Mails that will be tried again */
  readonly failed: number;
}

/** Asks customers whose loop is resolved: each at least once under one id, none before its time, none too often. */
@Injectable()
export class HandOverFollowUps {
  private readonly policy: FollowUpPolicy;

  constructor(
    private readonly store: FollowUpStore,
    private readonly mailer: FollowUpMailer,
    private readonly config: FollowUpConfig,
  ) {
    const { quiet, zone, cap } = config;
    this.policy = {
      ...{ quiet, zone, cap, canMail: mailer.isOn },
      questionOf: (team) => config.questionOf(team),
      waysOf: (contact) => config.waysOf(contact),
    };
  }

  /** Whether links can be signed; without that nobody can be asked. */
  get isPossible(): boolean {
    return this.config.secrets.length > 0;
  }

  /**
   * One batch of what is due. What is decided is committed before anything is sent; a process that dies between sending
   * and recording leaves it to be sent again, under the same id. `baseUrl`: where customers reach this service.
   * @throws BackPressure while too much waits to be sent
   */
  async handle(baseUrl: string, limit = batch): Promise<HandOverReport> {
    const begun = performance.now();
    const { looked, mails, skipped, replies } = await this.store.handOver((tx, now) =>
      this.decide(tx, now, baseUrl, limit),
    );
    const handedOver: Way[] = Array.from({ length: replies }, () => 'connector');
    let failed = 0;
    for (const { followUp, mail } of mails) {
      if (performance.now() - begun > lastStartMs) break;
      try {
        await this.mailer.send(mail);
      } catch (error) {
        const isFinal = (error as { isFinal?: boolean }).isFinal === true;
        const at = retryAt(followUp.dueAt, followUp.attempts, Math.random());
        await this.store.notTaken(followUp.followUpId, isFinal ? 'refused' : { at });
        if (isFinal) skipped.push('refused');
        else failed++;
        continue;
      }
      await this.store.handedOver(followUp.followUpId);
      handedOver.push('mail');
    }
    return { looked, handedOver, skipped, failed };
  }

  private async decide(tx: HandOverTransaction, now: Date, baseUrl: string, limit: number) {
    const due = await tx.lockDue(now, limit, (customer, contacts) =>
      customerOf(customer, contacts, this.config.secrets[0]),
    );
    const asked = await this.askedOf(tx, due, now);
    const changed: FollowUp[] = [];
    const mails: OutgoingMail[] = [];
    const replies: RequestedReply[] = [];
    const skipped: SkipReason[] = [];
    for (const { followUp, loop, contacts, customer } of due) {
      const others = customer === undefined ? [] : (asked.get(customer) ?? []);
      const decided = handOver(followUp, loop, contacts, others, this.policy, now);
      const after = this.after(followUp, decided, now, customer);
      changed.push(after);
      if (decided.kind === 'skip') skipped.push(decided.reason);
      if (decided.kind !== 'ask') continue;
      const { followUpId: id, loopId, askedAt = now } = after;
      others.push({ id, loopId, answered: false, askedAt });
      if (customer !== undefined) asked.set(customer, others);
      const asking = this.askingOf(after, decided, baseUrl);
      if (decided.way === 'connector') {
        replies.push({ data: requestOf(after, decided.contact, asking, now), cycle: after.cycle });
      }
      // the time that is tried again is counted from now
      else mails.push({ followUp: { ...after, dueAt: now }, mail: { ...mailOf(asking), to: decided.contact.email! } });
    }
    await tx.save(changed);
    await tx.tell(replies);
    return { looked: due.length, mails, skipped, replies: replies.length };
  }

  private async askedOf(tx: HandOverTransaction, due: readonly DueFollowUp[], now: Date) {
    const customers = [...new Set(due.flatMap(({ customer }) => customer ?? []))].sort();
    const asked = new Map<string, Asked[]>();
    if (customers.length === 0 || this.policy.cap === 0) return asked;
    const since = new Date(now.getTime() - this.config.capDays * dayMs);
    for (const { customer, ...one } of await tx.askedSince(customers, since)) {
      const known = asked.get(customer);
      if (known) known.push(one);
      else asked.set(customer, [one]);
    }
    return asked;
  }

  private after(followUp: FollowUp, decided: HandOver, now: Date, customer: string | undefined): FollowUp {
    switch (decided.kind) {
      case 'void':
        return { ...followUp, state: 'void' };
      case 'skip':
        return { ...followUp, state: 'skipped', reason: decided.reason };
      case 'wait':
        return { ...followUp, dueAt: decided.until };
      case 'ask': {
        const { way, question, contact } = decided;
        return {
          ...followUp,
          ...{ way, question, feedbackId: contact.feedbackId, language: textsOf(contact.language).language },
          ...{ askedAt: followUp.askedAt ?? now, attempts: followUp.attempts + 1 },
          ...(customer !== undefined && { customer }),
          ...(way === 'connector'
            ? { state: 'handed-over', handedOverAt: now }
            : { dueAt: new Date(now.getTime() + leaseMs) }),
        };
      }
    }
  }

  private askingOf(
    { followUpId, expiresAt: windowEnd, language }: FollowUp,
    { question }: Extract<HandOver, { kind: 'ask' }>,
    baseUrl: string,
  ): Asking {
    const expiresAt = new Date(windowEnd.getTime() + this.config.linkGraceSeconds * 1000);
    const token = tokenOf({ followUpId, expiresAt }, this.config.secrets[0]!);
    const { publicName } = this.config;
    return {
      ...{ followUpId, question, language, expiresAt, link: `${baseUrl}/f/${token}` },
      ...(publicName !== undefined && { from: publicName }),
    };
  }
}

const requestOf = (
  { followUpId, loopId, language }: FollowUp,
  { feedbackId, revision, source, channel, externalId }: Contact,
  asking: Asking,
  now: Date,
): ReplyRequested => ({
  ...{ replyId: followUpId, kind: 'follow-up', loopId, feedbackId, revision, source, channel },
  ...(externalId !== undefined && { externalId }),
  ...(language !== undefined && { language }),
  text: messageOf(asking),
  at: now.toISOString(),
});
