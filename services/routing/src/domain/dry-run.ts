import type { Feedback, Route } from '@closeloop/contracts';

/** Few enough to be read, of each pair of teams */
const examplesOfEach = 3;
const excerptLength = 160;
/** Pairs of teams beyond these are counted only. */
const pairsWithExamples = 500;

export interface Example {
  readonly feedbackId: string;
  readonly excerpt: string;
  /** The rules that decided: before, after */
  readonly rules: readonly [string, string];
}

export interface Move {
  readonly from: string;
  readonly to: string;
  readonly count: number;
}

/** What a rule set would have done otherwise than another. */
export interface DryRunReport {
  readonly lookedAt: number;
  /** That come to another team, priority, SLA policy or loop, or to other labels */
  readonly changed: number;
  /** Of those: to another team */
  readonly moved: number;
  readonly teams: readonly (Move & { readonly examples: readonly Example[] })[];
  readonly priorities: readonly Move[];
  readonly loops: readonly Move[];
  readonly slaPolicies: readonly Move[];
  /** Labels alone */
  readonly relabelled: number;
  /** How often each rule decided, in both sets; what is in one only has no count in the other */
  readonly rules: readonly { readonly name: string; readonly before?: number; readonly after?: number }[];
  /** Rules that could not be evaluated, and how often */
  readonly failures: readonly { readonly rule: string; readonly count: number }[];
}

/** Counts differences of routes. Its size depends on the number of teams and rules, and not on that of the feedback. */
export class DryRun {
  #lookedAt = 0;
  #changed = 0;
  #moved = 0;
  #relabelled = 0;
  readonly #moves = { team: new Moves(), priority: new Moves(), loop: new Moves(), slaPolicy: new Moves() };
  readonly #examples = new Map<string, Example[]>();
  readonly #before: Map<string, number>;
  readonly #after: Map<string, number>;
  readonly #failures = new Map<string, number>();

  constructor(rulesBefore: readonly string[], rulesAfter: readonly string[]) {
    this.#before = new Map(rulesBefore.map((name) => [name, 0]));
    this.#after = new Map(rulesAfter.map((name) => [name, 0]));
  }

  get lookedAt(): number {
    return this.#lookedAt;
  }
  get moved(): number {
    return this.#moved;
  }

  failed(rule: string): void {
    this.#failures.set(rule, (this.#failures.get(rule) ?? 0) + 1);
  }

  count(feedback: Feedback, before: Route, after: Route): void {
    this.#lookedAt += 1;
    this.#before.set(before.rule, (this.#before.get(before.rule) ?? 0) + 1);
    this.#after.set(after.rule, (this.#after.get(after.rule) ?? 0) + 1);
    let changed = false;
    for (const field of ['team', 'priority', 'loop', 'slaPolicy'] as const) {
      if (before[field] === after[field]) continue;
      changed = true;
      this.#moves[field].count(before[field], after[field]);
    }
    if (before.team !== after.team) {
      this.#moved += 1;
      this.#example(feedback, before, after);
    }
    if (!changed && before.labels.join('\0') !== after.labels.join('\0')) {
      changed = true;
      this.#relabelled += 1;
    }
    if (changed) this.#changed += 1;
  }

  #example({ feedbackId, title, text }: Feedback, before: Route, after: Route): void {
    const key = pairKey(before.team, after.team);
    const examples = this.#examples.get(key) ?? [];
    if (examples.length >= examplesOfEach || (examples.length === 0 && this.#examples.size >= pairsWithExamples))
      return;
    const said = [title, text].filter(Boolean).join(': ').replaceAll(/\s+/g, ' ');
    const excerpt = said.length > excerptLength ? `${said.slice(0, excerptLength)}…` : said;
    this.#examples.set(key, [...examples, { feedbackId, excerpt, rules: [before.rule, after.rule] }]);
  }

  report(): DryRunReport {
    const { team, priority, loop, slaPolicy } = this.#moves;
    const names = new Set([...this.#before.keys(), ...this.#after.keys()]);
    return {
      ...{ lookedAt: this.#lookedAt, changed: this.#changed, moved: this.#moved },
      teams: team.all().map((move) => ({ ...move, examples: this.#examples.get(pairKey(move.from, move.to)) ?? [] })),
      ...{ priorities: priority.all(), loops: loop.all(), slaPolicies: slaPolicy.all(), relabelled: this.#relabelled },
      rules: [...names].map((name) => {
        const [before, after] = [this.#before.get(name), this.#after.get(name)];
        return { name, ...(before !== undefined && { before }), ...(after !== undefined && { after }) };
      }),
      failures: [...this.#failures].map(([rule, count]) => ({ rule, count })),
    };
  }
}

const pairKey = (from: string, to: string): string => JSON.stringify([from, to]);

class Moves {
  readonly #counts = new Map<string, { from: string; to: string; count: number }>();

  count(from: string, to: string): void {
    const key = pairKey(from, to);
    const known = this.#counts.get(key);
    if (known) known.count += 1;
    else this.#counts.set(key, { from, to, count: 1 });
  }

  /** The most first */
  all(): readonly Move[] {
    return [...this.#counts.values()].sort((a, b) => b.count - a.count || (a.from + a.to < b.from + b.to ? -1 : 1));
  }
}
