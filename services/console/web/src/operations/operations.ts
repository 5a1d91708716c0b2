/** What a replica of a service is doing with its events. */
export interface Station {
  readonly service: string;
  readonly group: string;
  readonly ready: boolean;
  /** Why not, by check */
  readonly reasons: Readonly<Record<string, string>>;
  readonly partitions: readonly Partition[];
  readonly outbox?: {
    readonly unsent: number;
    readonly bound: number;
    readonly full: boolean;
    readonly oldestSeconds: number;
  };
  readonly events: Readonly<Record<string, number>>;
}

export interface Partition {
  readonly topic: string;
  readonly partition: number;
  readonly lag: number | null;
  readonly state: 'running' | 'positioning' | 'waiting' | 'failing' | 'alarm';
  readonly waitsFor?: string;
  readonly since?: string;
  readonly attempts: number;
}

/** Events that wait in all partitions; null while Kafka does not say of one. */
export function lagOf({ partitions }: Pick<Station, 'partitions'>): number | null {
  return partitions.reduce<number | null>((sum, { lag }) => (sum === null || lag === null ? null : sum + lag), 0);
}

/** Those that do not simply run. */
export const stuckOf = ({ partitions }: Pick<Station, 'partitions'>): readonly Partition[] =>
  partitions.filter(({ state }) => state !== 'running' && state !== 'positioning');

export const letterStates = ['open', 'replayed', 'settled', 'discarded'] as const;

export interface Letter {
  readonly id: string;
  readonly feedbackId?: string;
  readonly revision?: number;
  readonly source?: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly group: string;
  readonly reason: string;
  readonly message: string;
  readonly attempts: number;
  readonly diedAt: string;
  readonly state: string;
  readonly stack?: string;
  readonly replay?: {
    readonly at: string;
    readonly by: string;
    readonly times: number;
    readonly became: string;
    readonly failedAs?: string;
  };
  readonly discarded?: { readonly at: string; readonly by: string; readonly reason: string };
}

export interface Ledger {
  readonly at: string;
  readonly results: Readonly<Record<string, number>>;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly teams: Readonly<Record<string, number>>;
  readonly deadLetters: {
    readonly open: number;
    readonly underWay: number;
    readonly failedAgain: number;
    readonly discarded: number;
    readonly oldestOpenSeconds: number | null;
  };
  readonly unsettled: {
    readonly total: number;
    readonly byAge: Readonly<Record<string, number>>;
    readonly oldestSeconds: number | null;
  };
  readonly missing: number;
  readonly missingIds?: readonly string[];
}

interface Step {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: string;
  readonly at: string;
  readonly attempts: number;
}

export interface Trace {
  readonly feedbackId: string;
  readonly source: string;
  readonly revision: number;
  readonly status: string;
  readonly loop?: { readonly loopId: string; readonly state: string; readonly team: string };
  readonly revisions: readonly {
    readonly revision: number;
    readonly kind: string;
    readonly receivedAt: string;
    readonly outbox: 'waiting' | 'sent';
    readonly steps: readonly Step[];
  }[];
  readonly deadLetters: readonly {
    readonly id: string;
    readonly state: string;
    readonly reason: string;
    readonly steps: readonly Step[];
  }[];
}

/** Milliseconds from the step before (the first from when it was received) to each step. */
export function waitsOf(receivedAt: string, steps: readonly Step[]): readonly number[] {
  return steps.map(({ at }, index) => Math.max(0, Date.parse(at) - Date.parse(steps[index - 1]?.at ?? receivedAt)));
}

/** What came of a replay or a discard, by result. */
export function countsOf(results: readonly { readonly result: string }[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const { result } of results) counts.set(result, (counts.get(result) ?? 0) + 1);
  return [...counts];
}
