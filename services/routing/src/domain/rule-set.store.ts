import type { Actor } from './actor.js';
import type { RuleDefinition } from './rule-set.js';

/** A draft may be edited; exactly one is active at any time; what was active once is retired and never changes. */
export type RuleSetState = 'draft' | 'active' | 'retired';

/** Who did what to a rule set, when and why. */
export interface RuleSetStep {
  step: 'created' | 'edited' | 'activated' | 'retired';
  at: Date;
  by: string;
  reason?: string;
}

/** A rule set without its rules. */
export interface RuleSetHeading {
  /** `draft-3`; once it was activated the version, such as `12` */
  id: string;
  state: RuleSetState;
  /** What routed events name; a draft has none */
  version?: number;
  /** Of a draft: counts its edits from 1 */
  edition?: number;
  /** Of a draft: the version that was active when it was written */
  basedOn?: number;
  /** The draft that a version was, or the version whose rules it has again */
  from?: string;
  createdAt: Date;
  createdBy: string;
  activatedAt?: Date;
  retiredAt?: Date;
  ruleCount: number;
}

/** A rule set as it is kept. */
export interface RuleSetDocument extends Omit<RuleSetHeading, 'ruleCount'> {
  rules: RuleDefinition[];
  history: RuleSetStep[];
}

/** The rules that are active, and which version of the fallbacks goes with them. */
export interface ActiveVersions {
  ruleSet: number;
  fallbacks: number;
}

/** Another version has become active than the one that the author saw. */
export class RuleSetConflictError extends Error {
  constructor(readonly activeVersion: number) {
    super(`Version ${activeVersion} has become active in the meantime`);
  }
}

/** The draft was edited, activated or deleted since it was looked at. */
export class DraftChangedError extends Error {
  constructor(readonly edition: number | undefined) {
    super(edition === undefined ? 'The draft is no draft any more' : `The draft is at edition ${edition} by now`);
  }
}

/** A rule names a team that is not there (any more). */
export class UnknownTeamError extends Error {}

/** It is the active one as it stands. */
export class AlreadyActiveError extends Error {}

/** Who does it, and why. */
export interface Change {
  by: Actor;
  reason?: string;
}

/** Where rule sets are kept. Ids are `draft-<number>`, or a version; the id of a draft goes on naming what it became. */
export abstract class RuleSetStore {
  abstract activeVersions(): Promise<ActiveVersions>;
  /** The active version and its rules, in one snapshot */
  abstract activeRules(): Promise<{ version: number; rules: RuleDefinition[] }>;
  /** `active` is an id too. */
  abstract find(id: string): Promise<RuleSetDocument | undefined>;
  /** Drafts, then versions, newest first; at most so many of each */
  abstract list(limit: number): Promise<readonly RuleSetHeading[]>;
  /** @throws RuleSetConflictError where `basedOn` is given and not active */
  abstract createDraft(
    rules: readonly RuleDefinition[],
    change: Change & { basedOn: number | undefined },
  ): Promise<RuleSetDocument>;
  /**
   * @param edition the one that its author saw
   * @throws DraftChangedError, RuleSetConflictError
   */
  abstract editDraft(
    id: string,
    rules: readonly RuleDefinition[],
    change: Change & { basedOn: number | undefined; edition: number },
  ): Promise<RuleSetDocument>;
  /** @throws DraftChangedError where it is no draft, or at another edition than the one given */
  abstract deleteDraft(id: string, by: Actor, edition: number | undefined): Promise<void>;
  /**
   * Makes the rules of a draft, or again those of a retired version, the next version and the active one, in one step.
   * @param change basedOn: the version that is to be active until then, a draft's own unless it is given; edition: that of the draft
   * @throws RuleSetConflictError, DraftChangedError, UnknownTeamError, AlreadyActiveError
   */
  abstract activate(
    id: string,
    change: Change & { basedOn: number | undefined; edition: number | undefined },
  ): Promise<RuleSetDocument>;
}
