import { Injectable } from '@nestjs/common';
import { comparisonOf, windowsOf, type Improvement } from '../domain/improvement.js';
import { type Insight, type InsightEvent } from '../domain/insight.js';
import {
  OuterLoopStore,
  type ImprovementFilter,
  type InsightFilter,
  type ShownImprovement,
} from '../domain/outer-loop-store.js';
import { mayReadInsight, maySeeTo, seesAll, type Person } from '../domain/outer-loop-permission.js';
import { differenceInDifferences, differenceOf, type Difference } from '../domain/statistics/difference.js';
import { MeasureAim, type Measured } from './measure-aim.handler.js';

/** What an improvement moved. Differences have the unit of the metric. */
export interface Effect {
  readonly before: Measured;
  readonly after?: Measured;
  /** After − before; absent while there is no after */
  readonly difference?: Difference;
  /** The same metric where nothing was changed: all other values of that dimension. `net`: how much more it moved here than there */
  readonly comparison?: {
    readonly by: string;
    readonly before: Measured;
    readonly after: Measured;
    readonly difference: Difference;
    readonly net: Difference;
  };
}

/** What people see of insights and improvements: those of their teams, and their own; managers and admins all. */
@Injectable()
export class ReadOuterLoop {
  constructor(
    private readonly store: OuterLoopStore,
    private readonly aims: MeasureAim,
  ) {}

  insights(person: Person, filter: Omit<InsightFilter, 'reader'>): Promise<Insight[]> {
    return this.store.insights({ ...filter, ...(!seesAll(person) && { reader: person }) });
  }

  async insight(
    person: Person,
    insightId: string,
  ): Promise<{ readonly insight: Insight; readonly history: readonly InsightEvent[] } | undefined> {
    const insight = await this.store.insight(insightId);
    if (!insight || !mayReadInsight(person, insight)) return undefined;
    return { insight, history: await this.store.history(insightId, 0) };
  }

  improvements(person: Person, filter: Omit<ImprovementFilter, 'reader'>): Promise<ShownImprovement[]> {
    return this.store.improvements({ ...filter, ...(!seesAll(person) && { reader: person }) });
  }

  async improvement(
    person: Person,
    improvementId: string,
  ): Promise<(ShownImprovement & { readonly effect: Effect }) | undefined> {
    const shown = await this.store.improvement(improvementId);
    if (!shown || !maySeeTo(person, shown.improvement)) return undefined;
    return { ...shown, effect: await this.effectOf(shown.improvement, await this.store.now()) };
  }

  /** undefined: there is no such improvement */
  async loopsOf(
    person: Person,
    improvementId: string,
    after: string | undefined,
    limit: number,
  ): Promise<string[] | undefined> {
    const shown = await this.store.improvement(improvementId);
    if (!shown || !maySeeTo(person, shown.improvement)) return undefined;
    return this.store.loopsOf(improvementId, after, limit);
  }

  private async effectOf(improvement: Improvement, now: Date): Promise<Effect> {
    const { metric } = improvement;
    const windows = windowsOf(improvement, now, this.aims.isCount(metric));
    if (!windows.after) {
      const { here } = await this.aims.measure(metric, [windows.before]);
      return { before: here[0]! };
    }
    const by = comparisonOf(metric);
    const { here, others } = await this.aims.measure(metric, [windows.before, windows.after], by);
    const [before, after] = [here[0]!, here[1]!];
    const difference = differenceOf(after, before);
    if (by === undefined || !others) return { before, after, difference };
    const there = { before: others[0]!, after: others[1]! };
    return {
      ...{ before, after, difference },
      comparison: {
        ...{ by, ...there, difference: differenceOf(there.after, there.before) },
        net: differenceInDifferences({ before, after }, there),
      },
    };
  }
}
