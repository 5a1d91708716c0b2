import { Injectable } from '@nestjs/common';
import { linkOf } from '../domain/follow-up-link.js';
import { FollowUpStore, type ReadFollowUp } from '../domain/follow-up-store.js';
import { isScore, verdictOf, type AnswerOutcome, type FollowUp, type Question } from '../domain/follow-up.js';
import { type Loop } from '../domain/loop.js';
import { FollowUpConfig } from '../follow-up.config.js';
import { RecordEvidence } from './record-evidence.handler.js';

/** What a link leads to. */
export type FollowUpSeen =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'expired'; readonly language?: string | undefined }
  | { readonly kind: 'open'; readonly question: Question; readonly language?: string | undefined }
  | {
      readonly kind: 'answered';
      readonly question: Question;
      readonly language?: string | undefined;
      readonly score: number;
      readonly outcome: AnswerOutcome;
      readonly hasWords: boolean;
      /** Whether words may still be added */
      readonly isOpen: boolean;
      /** Whether this request recorded the answer */
      readonly isNew?: boolean;
    };

/** What a customer sends: `score` is needed until there is an answer. */
export interface GivenAnswer {
  readonly score?: number;
  readonly words?: string;
}

export type AnswerResult = FollowUpSeen | { readonly kind: 'score-missing'; readonly seen: FollowUpSeen };

/**
 * A customer's answer by the signed link. The first one counts, whatever is sent later; words may follow it once. The
 * same again changes nothing and is answered alike.
 */
@Injectable()
export class AnswerFollowUp {
  constructor(
    private readonly store: FollowUpStore,
    private readonly evidence: RecordEvidence,
    private readonly config: FollowUpConfig,
  ) {}

  read(token: string): Promise<FollowUpSeen> {
    const link = linkOf(token, this.config.secrets);
    if (!link) return Promise.resolve({ kind: 'unknown' });
    return this.store.answer(async (tx, now) => seenOf(await tx.find(link.followUpId), now >= link.expiresAt));
  }

  answer(token: string, given: GivenAnswer): Promise<AnswerResult> {
    const link = linkOf(token, this.config.secrets);
    if (!link) return Promise.resolve({ kind: 'unknown' });
    return this.store.answer<AnswerResult>(async (tx, now) => {
      const isExpired = now >= link.expiresAt;
      const first = await tx.find(link.followUpId);
      const loop = first && (await tx.loops.lock(first.followUp.loopId));
      // once more, since the loop is locked now
      const found = loop && (await tx.find(link.followUpId));
      const seen = seenOf(found, isExpired);
      if (!found || !loop) return seen;
      const { followUp } = found;
      const { score, words } = given;
      if (seen.kind === 'answered') {
        if (words === undefined || seen.hasWords || !seen.isOpen) return seen;
        await tx.saveWords(followUp, words, now);
        return { ...seen, hasWords: true };
      }
      if (seen.kind !== 'open') return seen;
      if (score === undefined || !isScore(seen.question, score)) return { kind: 'score-missing', seen };

      const verdict = verdictOf(seen.question, score);
      const judged =
        verdict === 'neutral'
          ? { outcome: 'neutral' as const }
          : await this.judge(tx.loops, now, followUp, loop, verdict, words);
      const answered: FollowUp = { ...followUp, state: 'answered', answeredAt: now, score, ...judged };
      await tx.save(answered);
      if (words !== undefined && answered.version === undefined) await tx.saveWords(answered, words, now);
      const after = seenOf({ ...found, followUp: answered, ...(words !== undefined && { words }) }, isExpired);
      return after.kind === 'answered' ? { ...after, isNew: true } : after;
    });
  }

  /** What the loop makes of a verdict, by the same rules as of what connectors tell. */
  private async judge(
    loops: Parameters<RecordEvidence['judge']>[0],
    now: Date,
    { cycle, feedbackId }: FollowUp,
    loop: Loop,
    kind: 'confirm' | 'object',
    text: string | undefined,
  ): Promise<{ readonly outcome: AnswerOutcome; readonly version?: number }> {
    // it was asked about what was done then; what is being done now is another matter
    if (cycle !== loop.cycle || feedbackId === undefined) return { outcome: 'late' };
    if (kind === 'confirm' && loop.state === 'verified') return { outcome: 'confirmed' };
    const evidence = { type: 'survey' as const, ...(text !== undefined && { text }) };
    const { status, answer } = await this.evidence.judge(loops, now, { feedbackId, kind, evidence }, loop.loopId);
    if (status !== 200) return { outcome: 'late' };
    return { outcome: kind === 'confirm' ? 'confirmed' : 'objected', version: answer.version };
  }
}

function seenOf(found: ReadFollowUp | undefined, isExpired: boolean): FollowUpSeen {
  // what nobody was asked has no link
  if (!found?.followUp.question) return { kind: 'unknown' };
  const { question, language, score, outcome } = found.followUp;
  if (score !== undefined && outcome !== undefined) {
    const hasWords = found.words !== undefined;
    return { kind: 'answered', question, language, score, outcome, hasWords, isOpen: !isExpired };
  }
  return isExpired ? { kind: 'expired', language } : { kind: 'open', question, language };
}
