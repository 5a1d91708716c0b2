import type { Feedback, Route, Tags } from '@closeloop/contracts';
import { falseParts, type FalsePart } from './condition-explanation.js';
import type { Fallbacks } from './fallback.js';
import { routeFeedback } from './route-feedback.js';
import type { RuleDefinition, RuleSet } from './rule-set.js';

/** What became of one rule for a feedback. */
export interface ExplainedRule {
  readonly name: string;
  readonly team: string;
  readonly matched: boolean;
  /** It is the first that matched, and decides */
  readonly wins?: true;
  /** What was false; of parts joined by `||` each */
  readonly because?: readonly FalsePart[];
  /** It could not be evaluated, and counted as not matching: kind of the error */
  readonly failed?: string;
}

export interface Explanation {
  readonly route: Route;
  readonly rules: readonly ExplainedRule[];
}

/** Each rule of a set in its order: whether it matches that, or what of it was false; and what comes of it. */
export function explainRoute(
  ruleSet: RuleSet,
  definitions: readonly RuleDefinition[],
  { feedback, tags }: { feedback: Feedback; tags: Tags | null },
  fallbacks: Fallbacks,
): Explanation {
  const route = routeFeedback(ruleSet, feedback, tags, () => undefined, fallbacks);
  const rules = definitions.map(({ name, team, when }): ExplainedRule => {
    try {
      const because = falseParts(when, { feedback, tags });
      if (because.length > 0) return { name, team, matched: false, because };
      return { name, team, matched: true, ...(name === route.rule && { wins: true }) };
    } catch (error) {
      return { name, team, matched: false, failed: error instanceof Error ? error.name : typeof error };
    }
  });
  return { route, rules };
}
