import { Injectable } from '@nestjs/common';
import { type ProblemError } from '@closeloop/platform';
import { type Improvement } from '../domain/improvement.js';
import {
  decideInsight,
  evolveInsight,
  InsightRefusal,
  type Insight,
  type InsightCommand,
  type InsightEvent,
} from '../domain/insight.js';
import { OuterLoopStore, type OuterLoopTransaction } from '../domain/outer-loop-store.js';
import { mayAnswer, mayReadInsight, type Person } from '../domain/outer-loop-permission.js';
import { ManageImprovements, type GivenImprovement } from './manage-improvements.handler.js';

/** An answer as somebody gives it. */
export type GivenAnswer =
  | { readonly type: 'accept'; readonly note?: string }
  | { readonly type: 'decline'; readonly reason: string }
  | { readonly type: 'merge'; readonly into: string }
  | { readonly type: 'assign'; readonly team: string }
  | ({ readonly type: 'improve' } & GivenImprovement);

export type AnswerResult =
  | { readonly kind: 'done'; readonly insight: Insight; readonly improvement?: Improvement }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'not-yours'; readonly team: string }
  /** It is not at the expected version: what happened since */
  | { readonly kind: 'conflict'; readonly insight: Insight; readonly since: readonly InsightEvent[] }
  | { readonly kind: 'refused'; readonly insight: Insight; readonly reason: string; readonly message: string }
  | { readonly kind: 'invalid'; readonly errors: readonly ProblemError[] };

/** One person's answer to one insight, as it was at the version that the person saw. */
@Injectable()
export class AnswerInsight {
  constructor(
    private readonly store: OuterLoopStore,
    private readonly improvements: ManageImprovements,
  ) {}

  async handle(person: Person, insightId: string, expected: number, given: GivenAnswer): Promise<AnswerResult> {
    const result = await this.store.run((tx, now) => this.answer(tx, now, person, insightId, expected, given));
    if (result.kind !== 'conflict') return result;
    return { ...result, since: await this.store.history(insightId, expected) };
  }

  private async answer(
    tx: OuterLoopTransaction,
    now: Date,
    person: Person,
    insightId: string,
    expected: number,
    given: GivenAnswer,
  ): Promise<AnswerResult> {
    const into = given.type === 'merge' ? given.into : undefined;
    const locked = await tx.lockInsights(into === undefined ? [insightId] : [insightId, into]);
    const insight = locked.get(insightId);
    if (!insight || !mayReadInsight(person, insight)) return { kind: 'unknown' };
    if (!mayAnswer(person, insight)) return { kind: 'not-yours', team: insight.team };
    if (insight.version !== expected) return { kind: 'conflict', insight, since: [] };
    const by = { at: now, actor: { kind: 'agent', id: person.subject } } as const;

    const steps: { readonly insight: Insight; readonly event: InsightEvent }[] = [];
    const step = (before: Insight, command: InsightCommand): InsightRefusal | undefined => {
      const event = decideInsight(before, command);
      if (event instanceof InsightRefusal) return event;
      steps.push({ insight: evolveInsight(before, event), event });
      return undefined;
    };
    let improvement: Improvement | undefined;
    let refused: InsightRefusal | undefined;
    if (given.type === 'merge') {
      refused = step(insight, { ...given, ...by });
      const other = locked.get(given.into);
      if (!refused && (!other || !mayReadInsight(person, other))) {
        return {
          kind: 'invalid',
          errors: [{ pointer: '/into', rule: 'known', message: 'into: there is no such insight' }],
        };
      }
      if (!refused && other) refused = step(other, { type: 'add-evidence', evidence: insight.evidence, ...by });
    } else if (given.type === 'improve') {
      const { type: _type, ...plan } = given;
      const errors = this.improvements.errorsOf(plan);
      if (errors.length > 0) return { kind: 'invalid', errors };
      const planned = this.improvements.plan(person, { team: insight.team, ...plan }, now);
      refused = step(insight, { type: 'improve', improvementId: planned.improvementId, ...by });
      if (!refused) {
        await this.improvements.begin(tx, person, planned, insight.evidence.loopIds, now);
        improvement = planned;
      }
    } else refused = step(insight, { ...given, ...by });
    if (refused) return { kind: 'refused', insight, reason: refused.reason, message: refused.message };

    for (const { insight: after, event } of steps) await tx.saveInsight(after, event);
    const after = steps[0]!.insight;
    await tx.audit({
      ...{ by: person, action: `insight.${steps[0]!.event.change}`, resource: { kind: 'insight', id: insightId } },
      before: { version: insight.version, state: insight.state, team: insight.team },
      after: {
        ...{ version: after.version, state: after.state, team: after.team },
        ...(after.into !== undefined && { into: after.into }),
        ...(after.improvementId !== undefined && { improvementId: after.improvementId }),
      },
      words: wordsOf(given),
    });
    return { kind: 'done', insight: after, ...(improvement && { improvement }) };
  }
}

function wordsOf(given: GivenAnswer): Record<string, string> {
  if (given.type === 'decline') return { reason: given.reason };
  return given.type === 'accept' && given.note !== undefined ? { note: given.note } : {};
}
