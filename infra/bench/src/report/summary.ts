import { type Spread } from '../statistics.js';
import { type Figure, type Ratio } from './figures.js';
import { nameOf } from './reference.js';
import { judge, times } from './targets.js';

/** What `--json` prints of it. */
export function jsonOf(
  figures: readonly Figure[],
  ratios: readonly Ratio[],
  run: { readonly machine: string; readonly rounds: number },
) {
  return {
    ...run,
    results: Object.fromEntries(
      figures.map((figure) => [
        nameOf(figure),
        {
          eventsPerSecond: rounded(figure.eventsPerSecond.median),
          cpuSecondsPerMillion: rounded(figure.cpuSecondsPerMillion.median),
          // of its largest process
          rssMb: rounded(
            Math.max(0, ...Object.entries(figure.rssByProcess).flatMap(([name, mb]) => (name === 'kafka' ? [] : [mb]))),
          ),
          p50Ms: figure.p50Ms ? rounded(figure.p50Ms.median) : null,
          p99Ms: figure.p99Ms ? rounded(figure.p99Ms.median) : null,
          spread: {
            eventsPerSecond: quartiles(figure.eventsPerSecond),
            cpuSecondsPerMillion: quartiles(figure.cpuSecondsPerMillion),
          },
          cpuSecondsPerMillionByProcess: mapped(figure.cpuByProcess),
          rssMbByProcess: mapped(figure.rssByProcess),
        },
      ]),
    ),
    ratios: ratiosBy(ratios, ({ throughput }) => rounded(throughput.median)),
    ratioQuartiles: ratiosBy(ratios, ({ throughput }) => quartiles(throughput)),
    cpuRatios: ratiosBy(ratios, ({ cpu }) => rounded(cpu.median)),
  };
}

const ratiosBy = <T>(ratios: readonly Ratio[], value: (ratio: Ratio) => T): Record<string, T> =>
  Object.fromEntries(ratios.map((ratio) => [`${ratio.work}/${ratio.other}`, value(ratio)]));

const rounded = (value: number): number => Number(value.toPrecision(4));
const quartiles = ({ q1, q3 }: Spread): [number, number] => [rounded(q1), rounded(q3)];
const mapped = (values: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, rounded(value)]));

/** For people */
export function tableOf(figures: readonly Figure[], ratios: readonly Ratio[]): string {
  const rows = figures.map((figure) => [
    ...[figure.work, figure.subject, String(Math.round(figure.eventsPerSecond.median))],
    `${Math.round(figure.eventsPerSecond.q1)} to ${Math.round(figure.eventsPerSecond.q3)}`,
    figure.cpuSecondsPerMillion.median.toFixed(0),
    figure.p50Ms ? `${figure.p50Ms.median.toFixed(1)} / ${figure.p99Ms!.median.toFixed(1)}` : '',
  ]);
  const compared = ratios.map(({ work, other, throughput, cpu }) => [
    ...[`${work} / ${other}`, times(throughput.median), `${times(throughput.q1)} to ${times(throughput.q3)}`],
    `CPU ${times(cpu.median)}`,
  ]);
  const judged = judge(figures, ratios).map(({ what, measured, floor, aim, verdict }) => [
    ...[what, measured, floor, aim, verdict],
  ]);
  return [
    columns([['work', 'subject', 'events/s', 'quartiles', 'CPU s a million', 'p50 / p99 ms'], ...rows]),
    columns([['ours against', 'events/s', 'quartiles', 'own processes'], ...compared]),
    columns([['to reach', 'measured', 'floor', 'aim', ''], ...judged]),
  ].join('\n');
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, at) => cell.padEnd(widths[at]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
