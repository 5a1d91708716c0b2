import { ApiProblem } from '../api/problem.js';

export const priorities = ['low', 'medium', 'high', 'critical'] as const;
export const loopWishes = ['open', 'join', 'none'] as const;

/** One rule as people write it. */
export interface Rule {
  readonly name: string;
  /** CEL over `feedback` and `tags` */
  readonly when: string;
  readonly team: string;
  readonly priority: string;
  readonly slaPolicy: string;
  readonly labels: readonly string[];
  readonly loop: string;
  readonly includeHistoric: boolean;
}

export interface RuleSetHeading {
  /** `draft-3`, or a version */
  readonly id: string;
  readonly state: 'draft' | 'active' | 'retired';
  readonly version?: number;
  /** Of a draft: counts its edits */
  readonly edition?: number;
  readonly basedOn?: number;
  readonly from?: string;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly activatedAt?: string;
  readonly retiredAt?: string;
  readonly ruleCount: number;
}

export interface RuleSet extends Omit<RuleSetHeading, 'ruleCount'> {
  readonly rules: readonly Rule[];
  readonly history: readonly {
    readonly step: string;
    readonly at: string;
    readonly by: string;
    readonly reason?: string;
  }[];
}

export const newRule = (name: string, team: string): Rule => ({
  ...{
    name,
    when: '',
    team,
    priority: 'medium',
    slaPolicy: 'standard',
    labels: [],
    loop: 'open',
    includeHistoric: false,
  },
});

/** A name that no rule has yet. */
export function freeName(rules: readonly Pick<Rule, 'name'>[], wanted = 'rule'): string {
  const taken = new Set(rules.map(({ name }) => name));
  if (!taken.has(wanted)) return wanted;
  for (let number = 2; ; number += 1) if (!taken.has(`${wanted}-${number}`)) return `${wanted}-${number}`;
}

/** The list with what stood at one place at another; the first that matches wins, so places matter. */
export function moved<T>(list: readonly T[], from: number, to: number): readonly T[] {
  if (to < 0 || to >= list.length) return list;
  const next = [...list];
  next.splice(to, 0, ...next.splice(from, 1));
  return next;
}

export interface ConditionProblem {
  readonly message: string;
  /** From 1 */
  readonly line: number;
  readonly column: number;
}

export interface RuleProblems {
  /** By field of the rule */
  readonly fields: Readonly<Record<string, string>>;
  readonly condition?: ConditionProblem;
}

/** What is wrong with each rule, out of the service's refusal; and what is wrong with all of them together. */
export function problemsOf(error: unknown): {
  readonly rules: ReadonlyMap<number, RuleProblems>;
  readonly whole: readonly string[];
} {
  const rules = new Map<number, { fields: Record<string, string>; condition?: ConditionProblem }>();
  const whole: string[] = [];
  if (!(error instanceof ApiProblem)) return { rules, whole };
  for (const { pointer, message, ...rest } of error.errors) {
    const [, index, field] = /^\/rules\/(\d+)(?:\/([^/]+))?/.exec(pointer) ?? [];
    if (index === undefined) {
      whole.push(message);
      continue;
    }
    const of = rules.get(Number(index)) ?? { fields: {} };
    const name = field ?? '';
    of.fields[name] = name in of.fields ? `${of.fields[name]!} ${message}` : message;
    if (field === 'when') of.condition ??= conditionProblem(message, rest);
    rules.set(Number(index), of);
  }
  return { rules, whole };
}

/** With its place; a message that names none is about the beginning. */
export function conditionProblem(message: string, place: Readonly<Record<string, unknown>> = {}): ConditionProblem {
  const { line, column } = place;
  if (typeof line === 'number' && typeof column === 'number') return { message, line, column };
  const [, atLine, atColumn] = /\(line (\d+), column (\d+)\)/.exec(message) ?? [];
  return { message, line: Number(atLine ?? 1), column: Number(atColumn ?? 1) };
}

/** Where a line and column (both from 1) lie in a text, never outside of it. */
export function offsetOf(text: string, { line, column }: Pick<ConditionProblem, 'line' | 'column'>): number {
  const lines = text.split('\n');
  const before = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  return Math.max(0, Math.min(text.length, before + column - 1));
}

export interface Move {
  readonly from: string;
  readonly to: string;
  readonly count: number;
}

export interface DryRunReport {
  readonly kind: 'report';
  readonly ruleSet: string;
  readonly against: string;
  readonly lookedAt: number;
  readonly changed: number;
  readonly moved: number;
  readonly teams: readonly (Move & {
    readonly examples: readonly {
      readonly feedbackId: string;
      readonly excerpt: string;
      readonly rules: readonly [string, string];
    }[];
  })[];
  readonly priorities: readonly Move[];
  readonly loops: readonly Move[];
  readonly slaPolicies: readonly Move[];
  readonly relabelled: number;
  readonly rules: readonly { readonly name: string; readonly before?: number; readonly after?: number }[];
  readonly failures: readonly { readonly rule: string; readonly count: number }[];
}

export type DryRunLine =
  | { readonly kind: 'progress'; readonly lookedAt: number; readonly moved: number; readonly of?: number }
  | { readonly kind: 'stopped'; readonly problem: { readonly detail?: string; readonly title: string } }
  | DryRunReport;

/** How many came to a team and left it, by the report. */
export function byTeam(
  teams: readonly Move[],
): readonly { readonly team: string; readonly gains: number; readonly loses: number }[] {
  const counts = new Map<string, { gains: number; loses: number }>();
  const of = (team: string) => {
    const known = counts.get(team) ?? { gains: 0, loses: 0 };
    counts.set(team, known);
    return known;
  };
  for (const { from, to, count } of teams) {
    of(from).loses += count;
    of(to).gains += count;
  }
  return [...counts]
    .map(([team, both]) => ({ team, ...both }))
    .toSorted((a, b) => b.gains + b.loses - (a.gains + a.loses));
}

export interface Explained {
  readonly route: {
    readonly team: string;
    readonly priority: string;
    readonly slaPolicy: string;
    readonly loop: string;
    readonly rule: string;
    readonly labels: readonly string[];
  };
  readonly tagged: boolean;
  readonly rules: readonly {
    readonly name: string;
    readonly team: string;
    readonly matched: boolean;
    readonly wins?: true;
    readonly failed?: string;
    readonly because?: readonly {
      readonly part: string;
      readonly saw: readonly { readonly field: string; readonly value?: unknown; readonly absent?: true }[];
    }[];
  }[];
}
