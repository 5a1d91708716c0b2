import { Injectable } from '@nestjs/common';
import { deriveId } from '@closeloop/contracts';
import { type ProblemError } from '@closeloop/platform';
import {
  attached,
  done,
  ImprovementRefusal,
  maxLoops,
  patched,
  type Aim,
  type Improvement,
  type ImprovementPatch,
  type LoopRule,
} from '../domain/improvement.js';
import { decideInsight, evolveInsight, InsightRefusal } from '../domain/insight.js';
import { OuterLoopStore, type OuterLoopTransaction } from '../domain/outer-loop-store.js';
import { mayAnswer, maySeeTo, seesAll, type Person } from '../domain/outer-loop-permission.js';
import { ownerOf } from '../domain/ownership.js';
import { MeasureAim } from './measure-aim.handler.js';

/** What is to be improved, as somebody plans it. */
export interface GivenImprovement {
  readonly title: string;
  /** Whose it is; who owns what its metric is of, unless it is named */
  readonly team?: string;
  readonly owner: string;
  readonly due: string;
  readonly action: string;
  readonly metric: Aim;
}

export type ImprovementResult =
  | { readonly kind: 'done'; readonly improvement: Improvement; readonly attached?: number }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'not-yours'; readonly team: string }
  | { readonly kind: 'conflict'; readonly improvement: Improvement }
  | { readonly kind: 'refused'; readonly improvement: Improvement; readonly reason: string; readonly message: string }
  | { readonly kind: 'invalid'; readonly errors: readonly ProblemError[] };

/** Improvements from plan to done, when the customers of their loops are told. */
@Injectable()
export class ManageImprovements {
  constructor(
    private readonly store: OuterLoopStore,
    private readonly aims: MeasureAim,
  ) {}

  /** What of a plan, or of a part of one, cannot be. */
  errorsOf({ metric }: { readonly metric?: Aim }): readonly ProblemError[] {
    return metric ? this.aims.errorsOf(metric).map((error) => ({ ...error, pointer: `/metric${error.pointer}` })) : [];
  }

  /** The same plan of the same person at the same instant is one. */
  plan(person: Person, given: GivenImprovement & { readonly team: string }, now: Date): Improvement {
    const { title, team, owner, due, action, metric } = given;
    return {
      improvementId: deriveId('improvement', person.subject, title, now.toISOString()),
      ...{ version: 1, state: 'planned', title, team, owner, due, action, metric },
      ...{ createdAt: now, createdBy: person.subject },
    };
  }

  async create(person: Person, given: GivenImprovement): Promise<ImprovementResult> {
    const errors = this.errorsOf(given);
    if (errors.length > 0) return { kind: 'invalid', errors };
    return this.store.run(async (tx, now) => {
      const team = given.team ?? (await ownerFor(tx, person, given.metric));
      if (!mayAnswer(person, { team })) return { kind: 'not-yours', team };
      const improvement = this.plan(person, { ...given, team }, now);
      await this.begin(tx, person, improvement, [], now);
      return { kind: 'done', improvement };
    });
  }

  /** Writes a plan, with the loops that it begins with. */
  async begin(
    tx: OuterLoopTransaction,
    person: Person,
    improvement: Improvement,
    loopIds: readonly string[],
    now: Date,
  ): Promise<void> {
    await tx.saveImprovement(improvement);
    if (loopIds.length > 0) await tx.attach(improvement.improvementId, loopIds, 'insight', now);
    await tx.audit({
      ...{ by: person, action: 'improvement.planned' },
      resource: { kind: 'improvement', id: improvement.improvementId },
      after: { ...factsOf(improvement), loops: loopIds.length },
      words: { title: improvement.title, action: improvement.action },
    });
  }

  async change(
    person: Person,
    improvementId: string,
    expected: number,
    patch: ImprovementPatch,
  ): Promise<ImprovementResult> {
    const errors = this.errorsOf(patch);
    if (errors.length > 0) return { kind: 'invalid', errors };
    return this.with(person, improvementId, expected, async (tx, now, before) => {
      const after = patched(before, patch, now);
      if (after instanceof ImprovementRefusal) return after;
      await tx.saveImprovement(after);
      if (after.state === 'dropped') await this.endInsights(tx, person, after, 'drop', now);
      await tx.audit({
        ...{ by: person, action: after.state === 'dropped' ? 'improvement.dropped' : 'improvement.changed' },
        resource: { kind: 'improvement', id: improvementId },
        before: factsOf(before),
        after: factsOf(after),
        words: {
          ...(patch.title !== undefined && { title: patch.title }),
          ...(patch.action !== undefined && { action: patch.action }),
        },
      });
      return { improvement: after };
    });
  }

  /** Loops by hand, and all that are like a rule; the rule is kept, and looked at again when it is done. */
  async attach(
    person: Person,
    improvementId: string,
    expected: number,
    { loopIds = [], rule }: { readonly loopIds?: readonly string[]; readonly rule?: LoopRule },
  ): Promise<ImprovementResult> {
    return this.with(person, improvementId, expected, async (tx, now, before) => {
      const { loops } = await tx.known({ loopIds, feedbackIds: [] });
      const theirs = new Set(
        loops.flatMap(({ loopId, team }) => (seesAll(person) || person.teams.includes(team) ? [loopId] : [])),
      );
      const errors = loopIds.flatMap((loopId, index) =>
        theirs.has(loopId)
          ? []
          : [{ pointer: `/loopIds/${index}`, rule: 'known', message: `loopIds[${index}]: there is no such loop` }],
      );
      if (errors.length > 0) return { errors: errors.slice(0, 50) };
      const known = await tx.loopCount(improvementId);
      const byHand = await tx.loopsBesides(improvementId, loopIds);
      // one more tells that there are too many
      const like = rule ? await tx.loopsLike(rule, improvementId, maxLoops + 1) : [];
      const byRule = like.filter((loopId) => !byHand.includes(loopId));
      const after = attached(before, known, byHand.length + byRule.length, rule);
      if (after instanceof ImprovementRefusal) return after;
      await tx.saveImprovement(after);
      await tx.attach(improvementId, byHand, 'hand', now);
      await tx.attach(improvementId, byRule, 'rule', now);
      await tx.audit({
        ...{ by: person, action: 'improvement.loops-attached', resource: { kind: 'improvement', id: improvementId } },
        before: { version: before.version, loops: known },
        after: {
          ...{ version: after.version, loops: known + byHand.length + byRule.length },
          ...(rule && { rule: JSON.stringify(rule) }),
        },
      });
      return { improvement: after, attached: byHand.length + byRule.length };
    });
  }

  /** What was promised is done: each customer in it is told once, and whoever raised the insights behind it. */
  async finish(
    person: Person,
    improvementId: string,
    expected: number,
    message: string | undefined,
  ): Promise<ImprovementResult> {
    return this.with(person, improvementId, expected, async (tx, now, before) => {
      let loops = await tx.loopCount(improvementId);
      if (before.rule) {
        // those that came since
        const more = await tx.loopsLike(before.rule, improvementId, maxLoops + 1 - Math.min(loops, maxLoops));
        const fits = attached(before, loops, more.length, before.rule);
        if (fits instanceof ImprovementRefusal) return fits;
        await tx.attach(improvementId, more, 'rule', now);
        loops += more.length;
      }
      const after = done(before, loops, message, now);
      if (after instanceof ImprovementRefusal) return after;
      await tx.saveImprovement(after);
      if (after.message !== undefined) await tx.requestNotices({ ...after, message: after.message }, now);
      await this.endInsights(tx, person, after, 'finish', now);
      await tx.audit({
        ...{ by: person, action: 'improvement.done', resource: { kind: 'improvement', id: improvementId } },
        before: factsOf(before),
        after: { ...factsOf(after), loops },
        words: after.message === undefined ? {} : { message: after.message },
      });
      return { improvement: after };
    });
  }

  /** Those who raised what it was for hear of it. */
  private async endInsights(
    tx: OuterLoopTransaction,
    person: Person,
    { improvementId }: Improvement,
    type: 'finish' | 'drop',
    at: Date,
  ): Promise<void> {
    const insights = await tx.lockInsights(await tx.insightsOf(improvementId));
    for (const insight of insights.values()) {
      const event = decideInsight(insight, { type, at, actor: { kind: 'agent', id: person.subject } });
      if (event instanceof InsightRefusal) continue;
      await tx.saveInsight(evolveInsight(insight, event), event);
    }
  }

  private with(
    person: Person,
    improvementId: string,
    expected: number,
    work: (
      tx: OuterLoopTransaction,
      now: Date,
      before: Improvement,
    ) => Promise<
      | ImprovementRefusal
      | { readonly improvement: Improvement; readonly attached?: number }
      | { readonly errors: readonly ProblemError[] }
    >,
  ): Promise<ImprovementResult> {
    return this.store
      .run(async (tx, now): Promise<ImprovementResult> => {
        const before = await tx.lockImprovement(improvementId);
        if (!before || !maySeeTo(person, before)) return { kind: 'unknown' };
        if (before.version !== expected) return { kind: 'conflict', improvement: before };
        const result = await work(tx, now, before);
        if (result instanceof ImprovementRefusal) {
          // nothing of a refused command stays: what was attached on the way goes with the transaction
          throw new Refused({ kind: 'refused', improvement: before, reason: result.reason, message: result.message });
        }
        return 'errors' in result ? { kind: 'invalid', errors: result.errors } : { kind: 'done', ...result };
      })
      .catch((error: unknown) => {
        if (error instanceof Refused) return error.result;
        throw error;
      });
  }
}

/** Rolls a transaction back with the answer that it ends with. */
class Refused extends Error {
  constructor(readonly result: ImprovementResult) {
    super('refused');
  }
}

const factsOf = ({ version, state, team, owner, due, metric }: Improvement): Record<string, string | number> => ({
  ...{ version, state, team, owner, due },
  metric: JSON.stringify(metric),
});

/** Who owns what a metric is of, as far as it is of one thing alone; the only team of an agent who is in one. */
async function ownerFor(tx: OuterLoopTransaction, { teams, roles }: Person, { filters }: Aim): Promise<string> {
  if (teams.length === 1 && !roles.includes('manager') && !roles.includes('admin')) return teams[0]!;
  const only = (name: string): string | undefined => (filters[name]?.length === 1 ? filters[name][0] : undefined);
  const about = Object.fromEntries(
    (['topic', 'touchpoint', 'journeyStage', 'location', 'product'] as const).flatMap((name) => {
      const value = only(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
  return ownerOf(about, await tx.ownership());
}
