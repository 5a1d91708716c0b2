import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** One text: what people said, what was said of it, and how sure that was. */
export interface Verdict {
  readonly gold: string;
  readonly said: string;
  /** 0..1 */
  readonly confidence: number;
}

export interface ClassScore {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** How many there are by people's labels */
  readonly support: number;
}

export interface Scores {
  readonly n: number;
  /** Of texts that have several labels: the share of those with exactly the right ones */
  readonly accuracy: number;
  /** F1 over all labels of all texts together; of one label a text the same as accuracy, so absent */
  readonly microF1?: number;
  /** The mean of the F1 of each class that people's labels have */
  readonly macroF1: number;
  /** Of the macro-F1: 2.5 % to 97.5 % of 1,000 samples of the texts with replacement */
  readonly ci95: readonly [low: number, high: number];
  /** Expected calibration error: the mean distance of confidence and share of right ones, in 15 bins of equal width (Guo et al. 2017) */
  readonly ece: number;
  readonly perClass: Readonly<Record<string, ClassScore>>;
  /** By people's label, then by what was said */
  readonly confusion: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

const resamples = 1_000;
const bins = 15;
const bootstrapSeed = 20_261_126;

/** @throws RangeError for no verdicts */
export function scoresOf(verdicts: readonly Verdict[]): Scores {
  if (verdicts.length === 0) throw new RangeError('there is nothing to score');
  const classes = [...new Set(verdicts.map(({ gold }) => gold))].sort();
  const index = new Map(classes.map((name, at) => [name, at]));
  const others = [...new Set(verdicts.map(({ said }) => said))].filter((said) => !index.has(said)).sort();
  for (const name of others) index.set(name, index.size);
  const golds = Int32Array.from(verdicts, ({ gold }) => index.get(gold)!);
  const saids = Int32Array.from(verdicts, ({ said }) => index.get(said)!);
  const counts = countsOf(golds, saids, index.size);
  const names = [...index.keys()];
  const pairs = new Map<number, number>();
  golds.forEach((gold, at) => {
    const pair = gold * names.length + saids[at]!;
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
  });
  return {
    n: verdicts.length,
    accuracy: counts.hits.reduce((sum, hits) => sum + hits, 0) / verdicts.length,
    macroF1: macroF1Of(counts, classes.length),
    ci95: bootstrap(golds, saids, index.size, classes.length),
    ece: eceOf(verdicts),
    perClass: Object.fromEntries(classes.map((name, at) => [name, classScore(counts, at)])),
    confusion: Object.fromEntries(
      classes.map((gold, row) => [
        gold,
        Object.fromEntries(
          names.flatMap((said, column) => {
            const count = pairs.get(row * names.length + column) ?? 0;
            return count === 0 ? [] : [[said, count]];
          }),
        ),
      ]),
    ),
  };
}

interface Counts {
  readonly hits: Int32Array;
  readonly golds: Int32Array;
  readonly saids: Int32Array;
}

function countsOf(golds: Int32Array, saids: Int32Array, size: number, sample?: Int32Array): Counts {
  const counts = { hits: new Int32Array(size), golds: new Int32Array(size), saids: new Int32Array(size) };
  for (let n = 0; n < golds.length; n++) {
    const at = sample ? sample[n]! : n;
    counts.golds[golds[at]!]!++;
    counts.saids[saids[at]!]!++;
    if (golds[at] === saids[at]) counts.hits[golds[at]!]!++;
  }
  return counts;
}

function classScore({ hits, golds, saids }: Counts, at: number): ClassScore {
  const [hit, support, said] = [hits[at]!, golds[at]!, saids[at]!];
  return {
    precision: said === 0 ? 0 : hit / said,
    recall: support === 0 ? 0 : hit / support,
    f1: support + said === 0 ? 0 : (2 * hit) / (support + said),
    support,
  };
}

const macroF1Of = (counts: Counts, classes: number): number => {
  let sum = 0;
  for (let at = 0; at < classes; at++) sum += classScore(counts, at).f1;
  return sum / classes;
};

/** The same verdicts give the same interval: the samples are drawn by a generator with a fixed seed. */
function bootstrap(golds: Int32Array, saids: Int32Array, size: number, classes: number): [number, number] {
  const random = xoroshiro128plus(bootstrapSeed);
  const sample = new Int32Array(golds.length);
  const found = Array.from({ length: resamples }, () => {
    for (let at = 0; at < sample.length; at++) sample[at] = uniformInt(random, 0, sample.length - 1);
    return macroF1Of(countsOf(golds, saids, size, sample), classes);
  });
  return intervalOf(found);
}

function intervalOf(samples: readonly number[]): [number, number] {
  const sorted = [...samples].sort((one, other) => one - other);
  return [sorted[Math.floor(resamples * 0.025)]!, sorted[Math.ceil(resamples * 0.975) - 1]!];
}

function eceOf(verdicts: readonly Verdict[]): number {
  const all = Array.from({ length: bins }, () => ({ right: 0, sure: 0 }));
  for (const { gold, said, confidence } of verdicts) {
    const bin = all[Math.min(bins - 1, Math.floor(confidence * bins))]!;
    bin.sure += confidence;
    if (gold === said) bin.right++;
  }
  return all.reduce((sum, { right, sure }) => sum + Math.abs(right - sure), 0) / Math.max(1, verdicts.length);
}

/** One text that may have several labels: what people said, and what was said of it with which confidence. */
export interface SetVerdict {
  readonly golds: ReadonlySet<string>;
  /** By label */
  readonly saids: ReadonlyMap<string, number>;
}

/**
 * As scoresOf, of texts with several labels each. The calibration is of each label that was said.
 * @throws RangeError for no verdicts
 */
export function setScoresOf(verdicts: readonly SetVerdict[]): Scores {
  if (verdicts.length === 0) throw new RangeError('there is nothing to score');
  const classes = [...new Set(verdicts.flatMap(({ golds }) => [...golds]))].sort();
  const others = [...new Set(verdicts.flatMap(({ saids }) => [...saids.keys()]))].filter(
    (name) => !classes.includes(name),
  );
  const index = new Map([...classes, ...others].map((name, at) => [name, at]));
  const rows = verdicts.map(({ golds, saids }) => ({
    golds: [...golds].map((name) => index.get(name)!),
    saids: [...saids.keys()].map((name) => index.get(name)!),
    hits: [...saids.keys()].filter((name) => golds.has(name)).map((name) => index.get(name)!),
  }));
  const countsOfRows = (some: Iterable<(typeof rows)[number]>): Counts => {
    const counts = {
      hits: new Int32Array(index.size),
      golds: new Int32Array(index.size),
      saids: new Int32Array(index.size),
    };
    for (const row of some) {
      for (const at of row.golds) counts.golds[at]!++;
      for (const at of row.saids) counts.saids[at]!++;
      for (const at of row.hits) counts.hits[at]!++;
    }
    return counts;
  };
  const counts = countsOfRows(rows);
  const sum = (values: Int32Array): number => values.reduce((all, value) => all + value, 0);
  const random = xoroshiro128plus(bootstrapSeed);
  const samples = Array.from({ length: resamples }, () =>
    macroF1Of(countsOfRows(rows.map(() => rows[uniformInt(random, 0, rows.length - 1)]!)), classes.length),
  );
  return {
    n: verdicts.length,
    accuracy:
      rows.filter((row) => row.hits.length === row.golds.length && row.saids.length === row.golds.length).length /
      rows.length,
    microF1: (2 * sum(counts.hits)) / Math.max(1, sum(counts.golds) + sum(counts.saids)),
    macroF1: macroF1Of(counts, classes.length),
    ci95: intervalOf(samples),
    ece: eceOf(
      verdicts.flatMap(({ golds, saids }) =>
        [...saids].map(([said, confidence]) => ({ gold: golds.has(said) ? said : '', said, confidence })),
      ),
    ),
    perClass: Object.fromEntries(classes.map((name, at) => [name, classScore(counts, at)])),
    confusion: {},
  };
}
