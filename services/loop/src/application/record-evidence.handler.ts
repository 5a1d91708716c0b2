import { Injectable } from '@nestjs/common';
import { canonicalJson, sha256 } from '@closeloop/contracts';
import { decide, evolve, Refusal, type EvidenceType, type Loop } from '../domain/loop.js';
import { SlaBook } from '../domain/sla/sla-book.js';
import { type Step } from '../domain/settlement.js';
import { stepTaken } from '../domain/loop-changed.js';
import { LoopStore, type LoopTransaction } from '../domain/loop-store.js';

/** confirm, object: the customer's verdict; answer: what we waited for, and no verdict. */
export const evidenceKinds = ['confirm', 'object', 'answer'] as const;
export type EvidenceKind = (typeof evidenceKinds)[number];

/** What a customer says of what was done, as a connector tells it. */
export interface GivenEvidence {
  readonly feedbackId: string;
  readonly kind: EvidenceKind;
  /** `at`: RFC 3339, when the customer said so */
  readonly evidence: { readonly type: EvidenceType; readonly text?: string; readonly at?: string };
}

/** The answer that is stored under the Idempotency-Key; `status` 200 or 422. */
export type EvidenceAnswer =
  { readonly status: 200; readonly answer: EvidenceTaken } | { readonly status: 422; readonly answer: EvidenceRefused };
export interface EvidenceTaken {
  readonly feedbackId: string;
  readonly loopId: string;
  readonly version: number;
  readonly change: 'confirmed' | 'objected' | 'resumed';
  readonly state: Loop['state'];
  readonly cycle: number;
}
export interface EvidenceRefused {
  readonly feedbackId: string;
  readonly loopId?: string;
  readonly state?: Loop['state'];
  readonly reason: string;
  readonly message: string;
}

export type EvidenceResult =
  | ({ readonly kind: 'answered' } & EvidenceAnswer)
  | { readonly kind: 'unknown' }
  | { readonly kind: 'other-source' }
  | { readonly kind: 'key-reused' };

/** A connector's word for a customer, once for each Idempotency-Key. */
@Injectable()
export class RecordEvidence {
  constructor(
    private readonly store: LoopStore,
    private readonly book: SlaBook,
  ) {}

  handle(source: string, idempotencyKey: string, given: GivenEvidence): Promise<EvidenceResult> {
    return this.store.run((tx, now) => this.record(tx, now, source, idempotencyKey, given));
  }

  private async record(
    tx: LoopTransaction,
    now: Date,
    source: string,
    idempotencyKey: string,
    given: GivenEvidence,
  ): Promise<EvidenceResult> {
    // the lock also makes the same request, sent twice at once, wait for its first answer
    const feedback = await tx.lockFeedback(given.feedbackId);
    if (!feedback) return { kind: 'unknown' };
    if (feedback.source !== source) return { kind: 'other-source' };

    const requestHash = sha256(canonicalJson(given));
    const stored = await tx.evidence(source, idempotencyKey);
    if (stored) {
      if (stored.requestHash !== requestHash) return { kind: 'key-reused' };
      return { kind: 'answered', ...({ status: stored.status, answer: stored.answer } as EvidenceAnswer) };
    }
    const answer = await this.judge(tx, now, given, feedback.place?.loopId);
    await tx.saveEvidence(
      {
        ...{ source, idempotencyKey, requestHash, feedbackId: given.feedbackId, kind: given.kind },
        ...{ type: given.evidence.type, ...answer },
      },
      now,
    );
    return { kind: 'answered', ...answer };
  }

  /** What the loop makes of it, in a transaction of the caller's. The loop is locked then. */
  async judge(
    tx: LoopTransaction,
    now: Date,
    { feedbackId, kind, evidence }: GivenEvidence,
    loopId: string | undefined,
  ): Promise<EvidenceAnswer> {
    const loop = loopId === undefined ? undefined : await tx.lock(loopId);
    if (!loop) {
      return refused({ feedbackId, reason: 'no-loop', message: 'This feedback is in no loop.' });
    }
    const by = { at: now, actor: { kind: 'customer' } } as const;
    const decided = decide(
      loop,
      kind === 'answer' ? { ...by, type: 'resume' } : { ...by, type: kind, evidence: evidence.type },
      this.book.termsOf(loop),
    );
    if (decided instanceof Refusal) {
      const { reason, message } = decided;
      return refused({ feedbackId, loopId: loop.loopId, state: loop.state, reason, message });
    }
    let after = loop;
    const steps: Step[] = decided.map((event) => ({ event, loop: (after = evolve(after, event)) }));
    const { version, state, cycle } = after;
    const { text, ...rest } = evidence;
    const words = text !== undefined && {
      ...{ kind: 'evidence' as const, loopId: loop.loopId, version, feedbackId },
      body: { text, ...rest },
    };
    if (!(await tx.advance(loop, steps, words || undefined))) {
      throw new Error('a locked loop does not move');
    }
    await tx.tell(steps.map((step) => stepTaken(step, this.book)));
    return { status: 200, answer: { feedbackId, loopId: loop.loopId, version, change: changes[kind], state, cycle } };
  }
}

const changes = { confirm: 'confirmed', object: 'objected', answer: 'resumed' } as const;

const refused = (answer: EvidenceRefused): EvidenceAnswer => ({ status: 422, answer });
