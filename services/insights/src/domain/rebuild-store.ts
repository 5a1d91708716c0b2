/** Rows of a table in the model that answers, and in the one that is rebuilt. */
export interface TableSizes {
  readonly table: string;
  readonly live: number;
  readonly next: number;
}

/** Whether a table of both models holds the same. */
export interface TableComparison extends TableSizes {
  readonly same: boolean;
  /** Rows of one that the other has not, and their keys, the first few */
  readonly onlyLive: number;
  readonly onlyNext: number;
  readonly examples: readonly string[];
}

export type RebuildState = 'filling' | 'done' | 'given-up';

export interface Rebuild {
  readonly rebuildId: string;
  readonly state: RebuildState;
  readonly askedBy: string;
  readonly startedAt: Date;
  readonly endedAt?: Date;
  /** The last comparison; absent before the first, and while one is under way */
  readonly comparison?: readonly TableComparison[];
}

export interface RebuildActor {
  readonly subject: string;
  readonly roles: readonly string[];
}

/** Another generation of the read model beside the one that answers. */
export abstract class RebuildStore {
  /** Makes an empty one, which takes every event from now on. undefined where another rebuild is under way */
  abstract start(rebuildId: string, actor: RebuildActor): Promise<Rebuild | undefined>;
  abstract find(rebuildId: string): Promise<Rebuild | undefined>;
  abstract current(): Promise<Rebuild | undefined>;
  /** How many rows each has by now, as far as Postgres knows without counting */
  abstract sizes(): Promise<TableSizes[]>;
  /** Compares both as they stand at one moment, and keeps what it found. */
  abstract compare(rebuildId: string): Promise<void>;
  /** Lets the rebuilt one answer and drops the other, at once. false where it is not under way */
  abstract adopt(rebuildId: string, actor: RebuildActor): Promise<boolean>;
  /** Drops it. false where it is not under way */
  abstract giveUp(rebuildId: string, actor: RebuildActor): Promise<boolean>;
}
