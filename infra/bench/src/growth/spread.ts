import { placesIn } from '../subjects/subject.js';
import { oursBy } from '../subjects/ours.js';
import { figuresOf, type Figure, type Sample } from '../report/figures.js';
import { rotated } from '../statistics.js';
import { oneLife } from '../works/life.js';
import { hops, loopWrites } from '../works/parts.session.js';
import { routedBy } from '../works/routed.js';
import { type GrowthOptions } from './growth-options.js';

/** Of every topic, and of every service */
interface Setting {
  readonly partitions: number;
  readonly replicas: number;
}

export interface SpreadFigures {
  readonly setting: Setting;
  readonly figures: readonly Figure[];
}

/** What one partition carries, and what many of them cost one replica. */
export const partitionSettings: readonly Setting[] = [1, 6, 12, 24].map((partitions) => ({ partitions, replicas: 1 }));

/** What more processes than cores cost, each with its share of the partitions. */
export const replicaSettings: readonly Setting[] = [1, 2, 4].map((replicas) => ({ partitions: 12, replicas }));

/** The two middle hops and the loop's writes, setting by setting, interleaved as the subjects of the comparison are. */
export async function measureSpread(
  settings: readonly Setting[],
  { stores, rounds, durations, texts, folder, say, signal }: GrowthOptions,
): Promise<SpreadFigures[]> {
  const newPlace = placesIn(folder, stores, say);
  let routed: ReturnType<typeof routedBy> | undefined;
  const sessions = [
    hops,
    loopWrites(async (count) => (routed ??= newPlace('routed').then((place) => routedBy(place, texts, count)))),
  ];
  const samples = settings.map((): Sample[] => []);
  const works = new Set(['hops', 'loop'] as const);
  for (let round = 0; round < rounds; round++) {
    for (const session of sessions) {
      for (const at of rotated([...settings.keys()], round)) {
        signal.throwIfAborted();
        const { partitions, replicas } = settings[at]!;
        const place = await newPlace('spread', partitions);
        const measured = await oneLife(session, oursBy(replicas), place, { works, durations, texts, signal });
        for (const work of works) {
          const one = measured[work];
          if (!one) continue;
          samples[at]!.push({ work, subject: 'ours', round, measured: one });
          say(
            `round ${round + 1} of ${rounds}, ${work}, ${partitions} partitions, ${replicas} replicas: ${Math.round(one.events / one.seconds)} a second`,
          );
        }
      }
    }
  }
  return settings.map((setting, at) => ({ setting, figures: figuresOf(samples[at]!) }));
}

export function spreadLines(spread: readonly SpreadFigures[]): string[] {
  return spread.flatMap(({ setting: { partitions, replicas }, figures }) =>
    figures.map(({ work, eventsPerSecond: { median, q1, q3 }, cpuSecondsPerMillion, cpuByProcess, rssByProcess }) => {
      const cpu = Object.entries(byService(cpuByProcess)).map(([name, seconds]) => `${name} ${seconds.toFixed(0)}`);
      const most = Math.max(
        ...Object.entries(rssByProcess).flatMap(([name, megabytes]) => (name === 'kafka' ? [] : [megabytes])),
      );
      return [
        `${work.padEnd(5)} ${String(partitions).padStart(3)} partitions ${replicas} replicas`,
        `${median.toFixed(0).padStart(6)} a second (${q1.toFixed(0)} to ${q3.toFixed(0)})`,
        `CPU s a million ${cpuSecondsPerMillion.median.toFixed(0)}: ${cpu.join(', ')}; at most ${most.toFixed(0)} MB`,
      ].join('; ');
    }),
  );
}

/** Replicas of a service, which are numbered from the second one on, together. */
function byService(byProcess: Readonly<Record<string, number>>): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [name, value] of Object.entries(byProcess)) {
    const service = name.replace(/-\d+$/, '');
    sums[service] = (sums[service] ?? 0) + value;
  }
  return sums;
}
