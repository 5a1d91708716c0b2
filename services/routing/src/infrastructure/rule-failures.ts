import { Metrics } from '@closeloop/platform';
import { Injectable, Logger } from '@nestjs/common';
import { Counter } from 'prom-client';
import type { CompiledRule } from '../domain/rule-set.js';

/** Counts rules that could not be evaluated, and logs each rule of a version once: a bad rule fails on every feedback. */
@Injectable()
export class RuleFailures {
  readonly #logger = new Logger('Rules');
  readonly #counter: Counter<'rule'>;
  readonly #told = new Set<string>();

  constructor(metrics: Metrics) {
    this.#counter = new Counter({
      name: 'routing_rule_failures_total',
      help: 'Times that a rule could not be evaluated, and counted as not matching',
      labelNames: ['rule'],
      registers: [metrics],
    });
  }

  report(ruleSetVersion: number, rule: CompiledRule, error: unknown): void {
    this.#counter.inc({ rule: rule.name });
    const key = JSON.stringify([ruleSetVersion, rule.name]);
    if (this.#told.has(key)) return;
    this.#told.add(key);
    // The error's name, not its message: that may quote a customer.
    const kind = error instanceof Error ? error.name : typeof error;
    this.#logger.error(`Rule ${rule.name} of rule set ${ruleSetVersion} fails (${kind}); it counts as not matching`);
  }
}
