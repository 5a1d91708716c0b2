import { setImmediate as breathe } from 'node:timers/promises';
import type { Feedback, Tags } from '@closeloop/contracts';
import { DryRun, type DryRunReport } from '../domain/dry-run.js';
import { Fallbacks } from '../domain/fallback.js';
import type { FallbackStore } from '../domain/fallback.store.js';
import type { KeptPlace, KeptStore, Period } from '../domain/kept-store.js';
import { routeFeedback } from '../domain/route-feedback.js';
import { compileSaved, type RuleDefinition, type RuleSet } from '../domain/rule-set.js';

export interface Tagged {
  readonly feedback: Feedback;
  readonly tags: Tags | null;
}

/** A rule set that is tried or compared with: what it is called, and its rules. */
export interface TriedRules {
  readonly id: string;
  readonly version?: number;
  readonly rules: readonly RuleDefinition[];
}

export type DryRunLine =
  | { readonly kind: 'progress'; readonly lookedAt: number; readonly moved: number; readonly of?: number }
  | ({ readonly kind: 'report'; readonly ruleSet: string; readonly against: string } & DryRunReport);

const pageSize = 500;
/** Asked at once: the service has others to answer, and events to keep. */
const asked = 50;
const progressEveryMs = 1_000;

/** Tries a rule set on what was said, against another one. */
export class DryRunRules {
  constructor(
    private readonly kept: KeptStore,
    private readonly fallbacks: FallbackStore,
    private readonly threshold: number | undefined,
  ) {}

  /** On the feedback that is kept of a period; a page of it is in memory at a time. */
  async *overKept(tried: TriedRules, against: TriedRules, period: Period): AsyncGenerator<DryRunLine, void> {
    yield* this.#run(tried, against, this.#pages(period), await this.kept.count(period));
  }

  /** On what is given, as it comes */
  overGiven(tried: TriedRules, against: TriedRules, given: AsyncIterable<Tagged>): AsyncGenerator<DryRunLine, void> {
    return this.#run(tried, against, given);
  }

  async *#pages(period: Period): AsyncGenerator<Tagged, void> {
    let after: KeptPlace | undefined;
    do {
      const { items, last } = await this.kept.page(period, after, pageSize);
      yield* items;
      after = items.length === pageSize ? last : undefined;
    } while (after);
  }

  async *#run(
    tried: TriedRules,
    against: TriedRules,
    feedback: AsyncIterable<Tagged>,
    of?: number,
  ): AsyncGenerator<DryRunLine, void> {
    const [before, after] = [compiled(against), compiled(tried)];
    const fallbacks = new Fallbacks((await this.fallbacks.latest()).fallbacks, this.threshold);
    const run = new DryRun(
      against.rules.map(({ name }) => name),
      tried.rules.map(({ name }) => name),
    );
    const progress = (): DryRunLine => ({
      ...{ kind: 'progress', lookedAt: run.lookedAt, moved: run.moved },
      ...(of !== undefined && { of }),
    });
    yield progress();
    let toldAt = performance.now();
    for await (const { feedback: one, tags } of feedback) {
      const route = (rules: RuleSet) => routeFeedback(rules, one, tags, ({ name }) => run.failed(name), fallbacks);
      run.count(one, route(before), route(after));
      if (run.lookedAt % asked > 0) continue;
      await breathe();
      if (performance.now() - toldAt < progressEveryMs) continue;
      toldAt = performance.now();
      yield progress();
    }
    yield { kind: 'report', ruleSet: tried.id, against: against.id, ...run.report() };
  }
}

const compiled = ({ version = 0, rules }: TriedRules): RuleSet => compileSaved(version, rules);
