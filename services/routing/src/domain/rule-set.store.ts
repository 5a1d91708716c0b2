import type { RuleDefinition } from './rule-set.js';

/** A rule set as it is kept. */
export interface StoredRuleSet {
  version: number;
  createdAt: Date;
  createdBy: string;
  rules: RuleDefinition[];
}

/** The rule set that is asked for was not the active one any more. */
export class RuleSetConflictError extends Error {
  constructor(readonly activeVersion: number) {
    super(`Version ${activeVersion} has become active in the meantime`);
  }
}

/** A rule names a team that is not there (any more). */
export class UnknownTeamError extends Error {}

/** Where rule sets are kept: exactly one is active at any time, versions are counted from 1 and never change. */
export abstract class RuleSetStore {
  abstract activeVersion(): Promise<number>;
  abstract active(): Promise<StoredRuleSet>;
  /**
   * Makes the rules the next version and the active one, in one step.
   * @param basedOn the version that its author saw as the active one; undefined where that does not matter
   * @throws RuleSetConflictError, UnknownTeamError
   */
  abstract activate(rules: readonly RuleDefinition[], by: string, basedOn?: number): Promise<StoredRuleSet>;
}
