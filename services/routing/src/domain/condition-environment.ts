import { conditionVariables, type ConditionType } from './condition-types.js';
import { compileRules, type RuleSetViolation } from './rule-set.js';

/** A type as JSON: what a condition may speak of, for those who help to write one. */
export type ConditionTypeView =
  | { readonly kind: 'string'; readonly values?: readonly string[] }
  | { readonly kind: 'int' | 'double' | 'bool' | 'dyn' | 'map' }
  | { readonly kind: 'list'; readonly of: ConditionTypeView }
  | { readonly kind: 'message'; readonly fields: Readonly<Record<string, ConditionTypeView>> };

export interface ConditionFunction {
  readonly name: string;
  /** What it is asked of; `any`: it stands alone */
  readonly on: 'string' | 'list' | 'any';
  /** A condition that uses it */
  readonly example: string;
}

const viewOf = (type: ConditionType): ConditionTypeView => {
  switch (type.kind) {
    case 'message':
      return { kind: 'message', fields: Object.fromEntries([...type.fields].map(([name, of]) => [name, viewOf(of)])) };
    case 'list':
      return { kind: 'list', of: viewOf(type.of) };
    default:
      return type;
  }
};

/** All that a condition may call. */
export const conditionFunctions: readonly ConditionFunction[] = [
  { name: 'has', on: 'any', example: 'has(feedback.rating)' },
  { name: 'size', on: 'any', example: 'size(feedback.text) > 200' },
  { name: 'contains', on: 'string', example: 'feedback.text.contains("refund")' },
  { name: 'startsWith', on: 'string', example: 'feedback.text.startsWith("Re:")' },
  { name: 'endsWith', on: 'string', example: 'feedback.text.endsWith("?")' },
  { name: 'matches', on: 'string', example: String.raw`feedback.text.matches(r"(?i)\brefund\b")` },
  { name: 'lowerAscii', on: 'string', example: 'feedback.location.lowerAscii() == "oslo"' },
  { name: 'upperAscii', on: 'string', example: 'feedback.location.upperAscii() == "OSLO"' },
  { name: 'trim', on: 'string', example: 'feedback.product.trim() == "Spa"' },
  { name: 'size', on: 'string', example: 'feedback.text.size() > 200' },
  { name: 'exists', on: 'list', example: 'tags.topics.exists(t, t.name == "billing/refund")' },
  { name: 'all', on: 'list', example: 'tags.topics.all(t, t.confidence > 0.5)' },
  { name: 'exists_one', on: 'list', example: 'tags.topics.exists_one(t, t.name.startsWith("billing/"))' },
  { name: 'size', on: 'list', example: 'tags.topics.size() > 2' },
];

/** What conditions may speak of, and what they may call. */
export const conditionEnvironment = (): {
  readonly variables: Readonly<Record<string, ConditionTypeView>>;
  readonly functions: readonly ConditionFunction[];
} => ({
  variables: Object.fromEntries([...conditionVariables].map(([name, type]) => [name, viewOf(type)])),
  functions: conditionFunctions,
});

/** What a rule with this condition would be refused for, by the checks of a rule set. */
export function problemsOfCondition(when: string): readonly Omit<RuleSetViolation, 'pointer'>[] {
  const [team, slaPolicy] = ['any', 'any'];
  const { violations } = compileRules(
    [
      {
        ...{ name: 'written', when, team, priority: 'medium', slaPolicy },
        ...{ labels: [], loop: 'open', includeHistoric: false },
      },
    ],
    { teams: new Set([team]), slaPolicies: new Set([slaPolicy]) },
  );
  return violations.map(({ pointer: _pointer, ...problem }) => problem);
}
