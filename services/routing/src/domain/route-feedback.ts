import type { Feedback, Route, Tags } from '@closeloop/contracts';
import { defaultRule, defaultTeam, type CompiledRule, type RuleSet } from './rule-set.js';

/** Told of a rule that could not be evaluated. */
export type OnFailure = (rule: CompiledRule, error: unknown) => void;

const firstMatch = (
  ruleSet: RuleSet,
  feedback: Feedback,
  tags: Tags | null,
  onFailure: OnFailure,
): CompiledRule | undefined => {
  const subject = { feedback, tags };
  return ruleSet.rules.find((rule) => {
    try {
      return rule.condition.holds(subject);
    } catch (error) {
      // One rule that fails must not keep a customer from being heard.
      onFailure(rule, error);
      return false;
    }
  });
};

/**
 * Who is to act on a feedback: the first rule that holds decides; where none does, triage. Never nowhere, and the same each time.
 * Historic feedback has no loop unless the rule says so.
 */
export function routeFeedback(ruleSet: RuleSet, feedback: Feedback, tags: Tags | null, onFailure: OnFailure): Route {
  const rule = firstMatch(ruleSet, feedback, tags, onFailure);
  if (!rule) {
    return {
      team: defaultTeam,
      priority: 'medium',
      slaPolicy: 'standard',
      labels: [],
      loop: feedback.historic ? 'none' : 'open',
      ruleSetVersion: ruleSet.version,
      rule: defaultRule,
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
