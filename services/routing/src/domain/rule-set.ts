import type { LoopWish, Priority } from '@closeloop/contracts';
import { compileCondition, isCondition, type Condition } from './condition.js';

/** The team that gets what no rule names; it can be removed neither here nor in the database. */
export const defaultTeam = 'triage';
/** What a routed event names as its rule where none matched. */
export const defaultRule = 'default';

/** Most rules of one rule set. */
export const maxRules = 1000;
/** Most instructions of all regular expressions of one rule set together: what the longest text may cost. */
const maxPatternSize = 20_000;

/** One rule as people write it. */
export interface RuleDefinition {
  /** Unique in its rule set; what a routed event names */
  name: string;
  /** CEL over `feedback` and `tags` */
  when: string;
  team: string;
  priority: Priority;
  slaPolicy: string;
  labels: string[];
  loop: LoopWish;
  /** Whether a feedback that was imported from the past gets the loop too; without it, historic feedback opens none. */
  includeHistoric: boolean;
}

export interface CompiledRule extends Omit<RuleDefinition, 'when'> {
  condition: Condition;
}

/** Rules in their order, ready to be asked. */
export interface RuleSet {
  version: number;
  rules: readonly CompiledRule[];
}

/** What is wrong with a rule set: RFC 6901 pointer into `{rules: […]}`, name of the rule that is broken, message for people. */
export interface RuleSetViolation {
  pointer: string;
  rule: string;
  message: string;
  /** For a condition: line and column, from 1 */
  line?: number;
  column?: number;
}

/** The rules ready for use, or every reason why they are not. */
export function compileRules(
  definitions: readonly RuleDefinition[],
  teams: ReadonlySet<string>,
): { rules: CompiledRule[]; violations: RuleSetViolation[] } {
  const rules: CompiledRule[] = [];
  const violations: RuleSetViolation[] = [];
  const firstWithName = new Map<string, number>();
  let patternSize = 0;
  if (definitions.length > maxRules) {
    violations.push({ pointer: '/rules', rule: 'arrayMaxSize', message: `A rule set has at most ${maxRules} rules` });
    return { rules, violations };
  }
  definitions.forEach(({ when, ...rest }, index) => {
    const at = `/rules/${index}`;
    const first = firstWithName.get(rest.name);
    if (rest.name === defaultRule) {
      violations.push({
        pointer: `${at}/name`,
        rule: 'reserved',
        message: `"${defaultRule}" is what the events call no rule`,
      });
    } else if (first !== undefined) {
      violations.push({ pointer: `${at}/name`, rule: 'unique', message: `Rule ${first} has this name already` });
    }
    firstWithName.set(rest.name, first ?? index);
    if (!teams.has(rest.team)) {
      violations.push({ pointer: `${at}/team`, rule: 'team', message: `There is no team ${rest.team}` });
    }
    const condition = compileCondition(when);
    if (isCondition(condition)) {
      patternSize += condition.patternSize;
      rules.push({ ...rest, condition });
      return;
    }
    const { message, line, column } = condition;
    violations.push({
      pointer: `${at}/when`,
      rule: 'condition',
      message: `${message} (line ${line}, column ${column})`,
      line,
      column,
    });
  });
  if (patternSize > maxPatternSize) {
    violations.push({
      pointer: '/rules',
      rule: 'patternSize',
      message: `The regular expressions together come to ${patternSize} instructions; the most is ${maxPatternSize}`,
    });
  }
  return { rules, violations };
}
