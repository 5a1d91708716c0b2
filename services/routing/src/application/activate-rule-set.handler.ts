import { compileRules, type RuleDefinition, type RuleSetViolation } from '../domain/rule-set.js';
import type { ActiveRules } from './active-rules.js';
import type { RuleSetStore, StoredRuleSet } from '../domain/rule-set.store.js';
import type { TeamStore } from '../domain/team.store.js';

/** The rules are wrong; nothing was changed. */
export class InvalidRuleSetError extends Error {
  constructor(readonly violations: readonly RuleSetViolation[]) {
    super('The rules are not valid');
  }
}

/** Checks a rule set as a whole and makes it the active one; this replica uses it at once, the others at their next look. */
export class ActivateRuleSetHandler {
  constructor(
    private readonly ruleSets: RuleSetStore,
    private readonly teams: TeamStore,
    private readonly activeRules: ActiveRules,
  ) {}

  /** @throws InvalidRuleSetError, RuleSetConflictError, UnknownTeamError */
  async handle(rules: readonly RuleDefinition[], by: string, basedOn?: number): Promise<StoredRuleSet> {
    const teams = new Set((await this.teams.all()).map(({ name }) => name));
    const { violations } = compileRules(rules, teams);
    if (violations.length > 0) throw new InvalidRuleSetError(violations);
    const stored = await this.ruleSets.activate(rules, by, basedOn);
    await this.activeRules.refresh();
    return stored;
  }
}
