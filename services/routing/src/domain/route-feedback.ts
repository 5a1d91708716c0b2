import type { Feedback, Route, Tags } from '@closeloop/contracts';
import { noFallbacks, type Fallbacks } from './fallback.js';
import { defaultRule, defaultTeam, type CompiledRule, type RuleSet } from './rule-set.js';

/** Told of a rule that could not be evaluated. */
export type OnFailure = (rule: CompiledRule, error: unknown) => void;

/** What a feedback is routed by. */
export interface Routing {
  readonly ruleSet: RuleSet;
  readonly fallbacks: Fallbacks;
}

const firstMatch = (
  { rules, index }: RuleSet,
  feedback: Feedback,
  tags: Tags | null,
  onFailure: OnFailure,
): CompiledRule | undefined => {
  const subject = { feedback, tags };
  const first = index.first(subject, (at) => {
    const rule = rules[at]!;
    try {
      return rule.condition.holds(subject);
    } catch (error) {
      // One rule that fails must not keep a customer from being heard.
      onFailure(rule, error);
      return false;
    }
  });
  return first === undefined ? undefined : rules[first];
};

/**
 * Who is to act on a feedback: the first rule that holds decides; where none does, triage, or the team that people moved loops of its topic to,
 * where that is sure enough. Never nowhere, and the same each time. Historic feedback has no loop unless the rule says so.
 */
export function routeFeedback(
  ruleSet: RuleSet,
  feedback: Feedback,
  tags: Tags | null,
  onFailure: OnFailure,
  fallbacks: Fallbacks = noFallbacks,
): Route {
  const rule = firstMatch(ruleSet, feedback, tags, onFailure);
  if (!rule) {
    const fallback = fallbacks.propose(tags);
    return {
      team: fallback?.applied ? fallback.team : defaultTeam,
      priority: 'medium',
      slaPolicy: 'standard',
      labels: [],
      loop: feedback.historic ? 'none' : 'open',
      ruleSetVersion: ruleSet.version,
      rule: defaultRule,
      ...(fallback && { fallback }),
    };
  }
  return {
    team: rule.team,
    priority: rule.priority,
    slaPolicy: rule.slaPolicy,
    labels: [...rule.labels],
    loop: feedback.historic && !rule.includeHistoric ? 'none' : rule.loop,
    ruleSetVersion: ruleSet.version,
    rule: rule.name,
  };
}
