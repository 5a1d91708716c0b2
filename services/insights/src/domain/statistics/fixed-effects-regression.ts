import { student95, studentTwoSided } from './distributions.js';
import type { Interval } from './estimate.js';
import { cholesky, invert, type SymmetricMatrix } from './symmetric-matrix.js';

/** Rows that are alike: of one group, with the same features and the same outcome. */
export interface Cell {
  /** What is held constant: rows are compared within their group only. */
  readonly group: string;
  /** Indices of the features that they have, each once */
  readonly features: readonly number[];
  readonly outcome: number;
  /** How many rows */
  readonly count: number;
}

export interface Effect {
  /** By how much the outcome differs where the feature is there and all else is alike */
  readonly effect: number;
  /** 95 % */
  readonly interval: Interval;
  /** That there is no effect, two-sided */
  readonly p: number;
}

export interface Regression {
  /** Rows of groups with at least two */
  readonly n: number;
  readonly groups: number;
  /** null for a feature that all rows of each group have, or none */
  readonly effects: readonly (Effect | null)[];
  /** Whether each effect stands by itself. If not (of every row exactly one feature, say), they are those of least size that explain the outcome. */
  readonly identified: boolean;
}

interface Group {
  readonly cells: Cell[];
  rows: number;
  outcome: number;
  /** Share of the rows that have the feature */
  readonly shares: Float64Array;
}

/** Against a matrix without an inverse: so small a part of its diagonal changes no digit that is shown. */
const ridge = 1e-6;

/**
 * Least squares of outcome = Σ effects of the features there + one constant for each group (the within transformation, J. M. Wooldridge,
 * Econometric Analysis of Cross Section and Panel Data, 10.5), on counted cells: its cost is that of the cells, not of the rows. Standard
 * errors are robust against unequal variances, HC3 (J. G. MacKinnon, H. White, J. Econometrics 29, 1985; advised for few rows by J. S. Long, L. H. Ervin,
 * American Statistician 54, 2000). Student's degrees of freedom are those of the rarer of having and not having the feature,
 * which decide how well its variance is known (as in Welch's test).
 */
export function fixedEffectsRegression(cells: Iterable<Cell>, features: number): Regression {
  const groups = grouped(cells, features);
  const rows = groups.reduce((sum, group) => sum + group.rows, 0);
  const { crossProducts, moments } = normalEquations(groups, features);
  const kept = crossProducts.filter((_, at) => at % (features + 1) === 0).reduce((sum, each) => sum + each, 0);
  if (features === 0 || kept < 1e-9) {
    return { n: rows, groups: groups.length, effects: new Array<null>(features).fill(null), identified: true };
  }
  const varying = Array.from({ length: features }, (_, at) => crossProducts[at * (features + 1)]! > 1e-9);
  // a feature that does not vary has a row of zeros: 1 on its diagonal leaves the others alone
  for (let at = 0; at < features; at++) if (!varying[at]) crossProducts[at * (features + 1)] = 1;
  const exact = cholesky(crossProducts, features);
  const factor = exact ?? cholesky(withRidge(crossProducts, features), features)!;
  const inverse = invert(factor, features);
  const coefficients = multiply(inverse, features, moments);
  const covariance = sandwich(inverse, meat(groups, inverse, coefficients, features), features);
  const having = new Float64Array(features);
  const lacking = new Float64Array(features);
  for (const { rows: all, shares } of groups) {
    for (let at = 0; at < features; at++) {
      // groups in which all have it or none tell nothing of it
      if (shares[at]! > 0 && shares[at]! < 1) {
        having[at]! += all * shares[at]!;
        lacking[at]! += all * (1 - shares[at]!);
      }
    }
  }
  const effects = Array.from(coefficients, (effect, at): Effect | null => {
    if (!varying[at]) return null;
    const error = Math.sqrt(Math.max(0, covariance[at * (features + 1)]!));
    const degreesOfFreedom = Math.max(
      1,
      Math.min(Math.round(Math.min(having[at]!, lacking[at]!)) - 1, rows - groups.length - features),
    );
    const spread = student95(degreesOfFreedom) * error;
    // an error of 0 comes from an outcome that never varies: no evidence, rather than endless
    const p = error > 0 ? studentTwoSided(effect / error, degreesOfFreedom) : 1;
    return { effect, interval: [effect - spread, effect + spread], p };
  });
  return { n: rows, groups: groups.length, effects, identified: exact !== null };
}

function grouped(cells: Iterable<Cell>, features: number): Group[] {
  const groups = new Map<string, Group>();
  for (const cell of cells) {
    let group = groups.get(cell.group);
    if (!group) {
      group = { cells: [], rows: 0, outcome: 0, shares: new Float64Array(features) };
      groups.set(cell.group, group);
    }
    group.cells.push(cell);
    group.rows += cell.count;
    group.outcome += cell.count * cell.outcome;
    for (const feature of cell.features) group.shares[feature]! += cell.count;
  }
  // one row alone is compared with nothing
  const compared = [...groups.values()].filter(({ rows }) => rows > 1);
  for (const group of compared) {
    group.outcome /= group.rows;
    for (let at = 0; at < features; at++) group.shares[at]! /= group.rows;
  }
  return compared;
}

/** Σ x̃ x̃ᵀ and Σ x̃ ỹ, x̃ and ỹ less their group's means */
function normalEquations(groups: readonly Group[], size: number) {
  const crossProducts: SymmetricMatrix = new Float64Array(size * size);
  const moments = new Float64Array(size);
  for (const { cells, rows, outcome, shares } of groups) {
    for (const cell of cells) {
      for (const row of cell.features) {
        moments[row]! += cell.count * (cell.outcome - outcome);
        for (const column of cell.features) crossProducts[row * size + column]! += cell.count;
      }
    }
    addOuter(crossProducts, size, shares, shares, -rows);
  }
  return { crossProducts, moments };
}

/** Σ x̃ x̃ᵀ (e / (1 − h))², h the leverage of a row */
function meat(
  groups: readonly Group[],
  inverse: SymmetricMatrix,
  coefficients: Float64Array,
  size: number,
): SymmetricMatrix {
  const all = new Float64Array(size * size);
  for (const { cells, rows, outcome, shares } of groups) {
    const atMean = multiply(inverse, size, shares);
    const ofMean = dot(shares, atMean);
    const fitted = outcome - dot(shares, coefficients);
    const weighted = new Float64Array(size);
    let weights = 0;
    for (const { features, outcome: value, count } of cells) {
      let residual = value - fitted;
      let leverage = 1 / rows + ofMean;
      for (const row of features) {
        residual -= coefficients[row]!;
        leverage -= 2 * atMean[row]!;
        for (const column of features) leverage += inverse[row * size + column]!;
      }
      // a row that alone decides a coefficient is met exactly, and tells nothing of its error
      if (leverage > 1 - 1e-9) continue;
      const weight = count * (residual / (1 - leverage)) ** 2;
      weights += weight;
      for (const row of features) {
        weighted[row]! += weight;
        for (const column of features) all[row * size + column]! += weight;
      }
    }
    addOuter(all, size, weighted, shares, -1);
    addOuter(all, size, shares, weighted, -1);
    addOuter(all, size, shares, shares, weights);
  }
  return all;
}

function addOuter(to: SymmetricMatrix, size: number, a: Float64Array, b: Float64Array, factor: number): void {
  for (let row = 0; row < size; row++) {
    const scaled = factor * a[row]!;
    if (scaled === 0) continue;
    for (let column = 0; column < size; column++) to[row * size + column]! += scaled * b[column]!;
  }
}

function withRidge(matrix: SymmetricMatrix, size: number): SymmetricMatrix {
  return matrix.map((value, at) => (at % (size + 1) === 0 ? value * (1 + ridge) : value));
}

function multiply(matrix: SymmetricMatrix, size: number, vector: ArrayLike<number>): Float64Array {
  const product = new Float64Array(size);
  for (let row = 0; row < size; row++) {
    let sum = 0;
    for (let column = 0; column < size; column++) sum += matrix[row * size + column]! * vector[column]!;
    product[row] = sum;
  }
  return product;
}

/** B · M · B of symmetric B; the diagonal is all that is asked for, so only it is right */
function sandwich(bread: SymmetricMatrix, filling: SymmetricMatrix, size: number): SymmetricMatrix {
  const covariance = new Float64Array(size * size);
  for (let at = 0; at < size; at++) {
    const row = bread.subarray(at * size, (at + 1) * size);
    covariance[at * (size + 1)] = dot(row, multiply(filling, size, row));
  }
  return covariance;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!;
  return sum;
}
