import { type Point } from '../charts/chart-data.js';
import { type Interval } from '../metrics/metrics.js';

export interface Driver {
  readonly topic: string;
  readonly n: number;
  /** In the outcome's unit: how far it is from feedback that does not speak of the topic */
  readonly effect: number;
  readonly interval: Interval;
  readonly p: number;
  /** p, corrected for the number of topics */
  readonly q: number;
  readonly significant: boolean;
}

export interface Drivers {
  readonly outcome: string;
  readonly n: number;
  /** Of the feedback that was looked at, 0..1 */
  readonly share: number;
  readonly controlledFor: readonly string[];
  readonly drivers: readonly Driver[];
  readonly note?: string;
}

/** What is sure first; of these the largest effect, either way. */
export const orderedDrivers = ({ drivers }: Pick<Drivers, 'drivers'>): readonly Driver[] =>
  drivers.toSorted((a, b) => Number(b.significant) - Number(a.significant) || Math.abs(b.effect) - Math.abs(a.effect));

/** A difference of shares is told in percentage points. */
const factorOf = (outcome: string): number => (outcome === 'csat' ? 100 : 1);

/** An effect as it is drawn: points of NPS, percentage points of CSAT, stars. */
export function driverPoint({ effect, interval: [low, high], n }: Driver, outcome: string): Point {
  const factor = factorOf(outcome);
  const value = effect * factor;
  const interval = [low === null ? null : low * factor, high === null ? null : high * factor] as const;
  return { value, interval, n, row: { values: {}, n, value, interval, small: n < 30, hidden: false } };
}

/** A probability as it is printed: below a thousandth only that it is. */
export function formatP(p: number, locale: string): string {
  const format = new Intl.NumberFormat(locale, { minimumFractionDigits: 3, maximumFractionDigits: 3 });
  return p < 0.001 ? `< ${format.format(0.001)}` : format.format(p);
}
