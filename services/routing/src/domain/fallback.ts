import type { Tags } from '@closeloop/contracts';

/** Where loops with a topic went when people moved them. */
export interface Fallback {
  readonly topic: string;
  readonly team: string;
  /** Loops with that topic that people have moved, and how many of them to that team */
  readonly n: number;
  readonly toTeam: number;
  /** 0..1: the lower bound of Wilson's interval for toTeam / n */
  readonly confidence: number;
}

/** The team that moved loops of a feedback's topic went to. */
export interface FallbackProposal {
  readonly team: string;
  readonly topic: string;
  readonly confidence: number;
  /** Whether it is sure enough to be acted on */
  readonly applied: boolean;
}

/** Fewer loops than this say nothing of a topic. */
export const minExamples = 5;

/** Of the standard normal distribution: 95 % lie within. */
const z = 1.959964;

/**
 * Lower end of the 95 % score interval for a share (E. B. Wilson, JASA 22, 1927; recommended for small n by Brown, Cai and DasGupta,
 * Statistical Science 16, 2001): 5 of 5 is .57, 50 of 50 is .93, so that few examples never look sure.
 */
export function wilsonLower(hits: number, n: number): number {
  if (n === 0) return 0;
  const share = hits / n;
  const centre = share + (z * z) / (2 * n);
  const spread = z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n));
  return Math.max(0, (centre - spread) / (1 + (z * z) / n));
}

/** By topic, how many moved loops went to which team. */
export interface MovedTo {
  readonly topic: string;
  readonly team: string;
  readonly loops: number;
}

/** For each topic with enough examples the team that most of them went to; of equals the first by name. */
export function learnFallbacks(moved: readonly MovedTo[]): Fallback[] {
  const byTopic = new Map<string, MovedTo[]>();
  for (const one of moved) byTopic.set(one.topic, [...(byTopic.get(one.topic) ?? []), one]);
  return [...byTopic]
    .flatMap(([topic, teams]): Fallback[] => {
      const n = teams.reduce((sum, { loops }) => sum + loops, 0);
      const [best] = [...teams].sort((a, b) => b.loops - a.loops || (a.team < b.team ? -1 : 1));
      if (!best || n < minExamples) return [];
      return [{ topic, team: best.team, n, toTeam: best.loops, confidence: wilsonLower(best.loops, n) }];
    })
    .sort((a, b) => (a.topic < b.topic ? -1 : 1));
}

/** What was learned, ready to be asked. */
export class Fallbacks {
  readonly #byTopic: ReadonlyMap<string, Fallback>;

  /** @param threshold the confidence from which on a proposal is acted on; undefined: none is */
  constructor(
    fallbacks: readonly Fallback[],
    private readonly threshold: number | undefined,
  ) {
    this.#byTopic = new Map(fallbacks.map((fallback) => [fallback.topic, fallback]));
  }

  /** The surest of what is known of its topics; undefined where nothing is. */
  propose(tags: Tags | null): FallbackProposal | undefined {
    let best: Fallback | undefined;
    for (const { name } of tags?.topics ?? []) {
      const known = this.#byTopic.get(name);
      if (known && (!best || known.confidence > best.confidence)) best = known;
    }
    if (!best) return undefined;
    const { team, topic, confidence } = best;
    return { team, topic, confidence, applied: this.threshold !== undefined && confidence >= this.threshold };
  }
}

export const noFallbacks = new Fallbacks([], undefined);
