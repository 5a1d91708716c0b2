/** From what a model says to how often that is right: 1 / (1 + e^-(slope · log-odds + offset)), Platt's scaling (1999). */
export interface Calibration {
  readonly slope: number;
  readonly offset: number;
}

const least = 1e-6;
const logOddsOf = (share: number): number => Math.log(Math.max(least, share) / Math.max(least, 1 - share));
const logistic = (odds: number): number => 1 / (1 + Math.exp(-odds));

export const calibrated = (share: number, { slope, offset }: Calibration): number =>
  logistic(slope * logOddsOf(share) + offset);

/** log(1 + e^x), which does not overflow */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

const mostSteps = 50;
const mostHalvings = 20;
/** A smaller gain of a step is none. */
const negligible = 1e-9;
/** Keeps the matrix of second derivatives from being singular where all shares are the same. */
const ridge = 1e-6;

/**
 * The calibration with the least cross-entropy, by Newton's method with ever smaller steps where one overshoots (Lin, Lin and Weng 2007).
 * Platt's targets keep it finite where all are right, or none is.
 * @param shares what the model said of texts that it had not learned from
 * @param rights whether it was so
 */
export function calibrationOf(shares: readonly number[], rights: readonly boolean[]): Calibration {
  const odds = Float64Array.from(shares, logOddsOf);
  const count = rights.filter(Boolean).length;
  const [ifRight, ifWrong] = [(count + 1) / (count + 2), 1 / (rights.length - count + 2)];
  const lossOf = ({ slope, offset }: Calibration): number =>
    odds.reduce((sum, odd, at) => {
      const z = slope * odd + offset;
      return sum + softplus(z) - (rights[at] ? ifRight : ifWrong) * z;
    }, 0);
  let best: Calibration = { slope: 1, offset: 0 };
  let loss = lossOf(best);
  for (let step = 0; step < mostSteps; step += 1) {
    const [bySlope, byOffset] = newtonStep(odds, (at) => (rights[at] ? ifRight : ifWrong), best);
    let size = 1;
    let next = best;
    let nextLoss = loss;
    for (let halving = 0; halving < mostHalvings; halving += 1) {
      next = { slope: best.slope - size * bySlope, offset: best.offset - size * byOffset };
      nextLoss = lossOf(next);
      if (nextLoss <= loss) break;
      size /= 2;
    }
    if (!(loss - nextLoss > negligible)) break;
    best = next;
    loss = nextLoss;
  }
  return best;
}

function newtonStep(
  odds: Float64Array,
  targetAt: (at: number) => number,
  { slope, offset }: Calibration,
): [bySlope: number, byOffset: number] {
  let [slopes, offsets, both] = [ridge, ridge, 0];
  let [bySlope, byOffset] = [0, 0];
  for (let at = 0; at < odds.length; at += 1) {
    const odd = odds[at]!;
    const share = logistic(slope * odd + offset);
    const off = share - targetAt(at);
    const curve = share * (1 - share);
    bySlope += off * odd;
    byOffset += off;
    slopes += curve * odd * odd;
    both += curve * odd;
    offsets += curve;
  }
  const determinant = slopes * offsets - both * both;
  return [(offsets * bySlope - both * byOffset) / determinant, (slopes * byOffset - both * bySlope) / determinant];
}
