import { compileRules, type RuleDefinition, type RuleSetViolation } from '../domain/rule-set.js';
import { AlreadyActiveError, type Change, type RuleSetDocument, type RuleSetStore } from '../domain/rule-set.store.js';
import type { TeamStore } from '../domain/team.store.js';
import type { ActiveRules } from './active-rules.js';

/** The rules are wrong; nothing was changed. */
export class InvalidRuleSetError extends Error {
  constructor(readonly violations: readonly RuleSetViolation[]) {
    super('The rules are not valid');
  }
}

/** Writes and edits drafts, and makes them the active rules: each time they are checked as a whole. */
export class RuleSetsHandler {
  constructor(
    private readonly ruleSets: RuleSetStore,
    private readonly teams: TeamStore,
    private readonly activeRules: ActiveRules,
    private readonly slaPolicies: ReadonlySet<string>,
  ) {}

  /** @throws InvalidRuleSetError, RuleSetConflictError */
  async create(
    rules: readonly RuleDefinition[],
    change: Change & { basedOn: number | undefined },
  ): Promise<RuleSetDocument> {
    await this.#check(rules);
    return this.ruleSets.createDraft(rules, change);
  }

  /** @throws InvalidRuleSetError, RuleSetConflictError, DraftChangedError */
  async edit(
    id: string,
    rules: readonly RuleDefinition[],
    change: Change & { basedOn: number | undefined; edition: number },
  ): Promise<RuleSetDocument> {
    await this.#check(rules);
    return this.ruleSets.editDraft(id, rules, change);
  }

  /**
   * This replica uses it at once, the others at their next look.
   * @returns undefined where there is no such rule set
   * @throws InvalidRuleSetError where a team has gone since it was written; what the store's `activate` throws
   */
  async activate(
    id: string,
    change: Change & { basedOn: number | undefined; edition: number | undefined },
  ): Promise<RuleSetDocument | undefined> {
    const given = await this.ruleSets.find(id);
    if (!given) return undefined;
    // a line of a shell's history is not to undo what came after it
    if (id.startsWith('draft-') && given.state !== 'draft') {
      throw new AlreadyActiveError(`${id} became version ${given.version}: activate ${given.version} to go back to it`);
    }
    await this.#check(given.rules);
    // What was checked is what becomes active.
    const activated = await this.ruleSets.activate(given.id, { ...change, edition: change.edition ?? given.edition });
    await this.activeRules.refresh();
    return activated;
  }

  async #check(rules: readonly RuleDefinition[]): Promise<void> {
    const teams = new Set((await this.teams.all()).map(({ name }) => name));
    const { violations } = compileRules(rules, { teams, slaPolicies: this.slaPolicies });
    if (violations.length > 0) throw new InvalidRuleSetError(violations);
  }
}
