import type { LoopWish, Priority } from '@closeloop/contracts';
import { compileCondition, isCondition, type Condition } from './condition.js';
import { hintAt } from './nearest-name.js';
import { RuleIndex } from './rule-index.js';

/** The team that gets what no rule names; it can be removed neither here nor in the database. */
export const defaultTeam = 'triage';
/** What a routed event names as its rule where none matched. */
export const defaultRule = 'default';

/** Most rules of one rule set. */
export const maxRules = 1000;
/** Most instructions of all regular expressions of one rule set together: what the longest text may cost. */
const maxPatternSize = 20_000;
/** Most steps of one condition, and of all of a rule set together: what the longest text and the longest lists may cost. */
const maxCosts = { condition: 100_000, ruleSet: 500_000 };

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
  index: RuleIndex;
}

export const ruleSetOf = (version: number, rules: readonly CompiledRule[]): RuleSet => ({
  version,
  rules,
  index: new RuleIndex(rules.map(({ condition }) => condition)),
});

/** Names that rules may name. */
export interface KnownNames {
  readonly teams: ReadonlySet<string>;
  readonly slaPolicies: ReadonlySet<string>;
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
  { teams, slaPolicies }: KnownNames,
): { rules: CompiledRule[]; violations: RuleSetViolation[] } {
  const rules: CompiledRule[] = [];
  const violations: RuleSetViolation[] = [];
  const firstWithName = new Map<string, number>();
  let [patternSize, cost] = [0, 0];
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
      violations.push({
        pointer: `${at}/team`,
        rule: 'team',
        message: `There is no team ${rest.team}${hintAt(rest.team, teams)}`,
      });
    }
    if (!slaPolicies.has(rest.slaPolicy)) {
      const message = `There is no SLA policy ${rest.slaPolicy}${hintAt(rest.slaPolicy, slaPolicies)}`;
      violations.push({ pointer: `${at}/slaPolicy`, rule: 'slaPolicy', message });
    }
    const condition = compileCondition(when);
    if (isCondition(condition)) {
      patternSize += condition.patternSize;
      cost += condition.cost;
      if (condition.cost > maxCosts.condition) {
        const message = `This condition may take ${condition.cost} steps; the most is ${maxCosts.condition}`;
        violations.push({ pointer: `${at}/when`, rule: 'cost', message });
      }
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
  if (cost > maxCosts.ruleSet) {
    const message = `The conditions together may take ${cost} steps; the most is ${maxCosts.ruleSet}`;
    violations.push({ pointer: '/rules', rule: 'cost', message });
  }
  return { rules, violations };
}

/** The rules of a set that was checked before, by what it names itself. @throws Error where this release cannot use them */
export function compileSaved(version: number, definitions: readonly RuleDefinition[]): RuleSet {
  const { rules, violations: all } = compileRules(definitions, {
    teams: new Set(definitions.map(({ team }) => team)),
    slaPolicies: new Set(definitions.map(({ slaPolicy }) => slaPolicy)),
  });
  // The bound came after some that are active.
  const violations = all.filter(({ rule }) => rule !== 'cost');
  // Never a part of a rule set: a rule that is left out would send its feedback to the wrong team.
  if (violations.length > 0) {
    const reasons = violations.map(({ pointer, message }) => `${pointer}: ${message}`).join('; ');
    throw new Error(`Rule set ${version} cannot be used by this release: ${reasons}`);
  }
  return ruleSetOf(version, rules);
}
