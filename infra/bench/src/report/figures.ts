import { pairedRatio, spreadOf, type Spread } from '../statistics.js';
import { subjectNames, type SubjectName } from '../subjects/subject.js';
import { workNames, type WorkName } from '../works/work.js';
import { type Measured } from '../works/measure.js';

/** One round of one work of one subject. */
export interface Sample {
  readonly work: WorkName;
  readonly subject: SubjectName;
  /** From 0 on */
  readonly round: number;
  readonly measured: Measured;
}

/** All rounds of one work of one subject. */
export interface Figure {
  readonly work: WorkName;
  readonly subject: SubjectName;
  readonly rounds: number;
  readonly eventsPerSecond: Spread;
  /** Of all its processes, the broker and Postgres */
  readonly cpuSecondsPerMillion: Spread;
  /** Medians, by process */
  readonly cpuByProcess: Readonly<Record<string, number>>;
  readonly rssByProcess: Readonly<Record<string, number>>;
  readonly p50Ms?: Spread;
  readonly p99Ms?: Spread;
}

/** The servers that all share; what else has a figure is the subject's own process. */
const servers = ['kafka', 'postgres'] as const;
export const isServer = (name: string): boolean => (servers as readonly string[]).includes(name);

const perMillion = ({ cpuSeconds, events }: Measured): Record<string, number> =>
  Object.fromEntries(Object.entries(cpuSeconds).map(([name, seconds]) => [name, (seconds / events) * 1e6]));

const sum = (values: Readonly<Record<string, number>>): number =>
  Object.values(values).reduce((total, value) => total + value, 0);

const throughputOf = ({ events, seconds }: Measured): number => events / seconds;

/** Medians of what stands under each name. */
function mediansOf(records: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
  return Object.fromEntries(names.map((name) => [name, spreadOf(records.map((record) => record[name] ?? 0)).median]));
}

/** In the order of works and subjects. */
export function figuresOf(samples: readonly Sample[]): Figure[] {
  return workNames.flatMap((work) =>
    subjectNames.flatMap((subject) => {
      const rounds = samples.filter((one) => one.work === work && one.subject === subject).map((one) => one.measured);
      if (rounds.length === 0) return [];
      const timed = rounds.filter(({ p50Ms }) => p50Ms !== undefined);
      return [
        {
          ...{ work, subject, rounds: rounds.length },
          eventsPerSecond: spreadOf(rounds.map(throughputOf)),
          cpuSecondsPerMillion: spreadOf(rounds.map((one) => sum(perMillion(one)))),
          cpuByProcess: mediansOf(rounds.map(perMillion)),
          rssByProcess: mediansOf(rounds.map(({ rssMb }) => rssMb)),
          ...(timed.length > 0 && {
            p50Ms: spreadOf(timed.map(({ p50Ms }) => p50Ms!)),
            p99Ms: spreadOf(timed.map(({ p99Ms }) => p99Ms!)),
          }),
        },
      ];
    }),
  );
}

/** Ours against another, in one work. */
export interface Ratio {
  readonly work: WorkName;
  readonly other: SubjectName;
  /** Events a second, ours by the other's, round by round */
  readonly throughput: Spread;
  /** CPU seconds a million by the subjects' own processes, ours by the other's */
  readonly cpu: Spread;
}

const ownCpu = (measured: Measured): number =>
  sum(Object.fromEntries(Object.entries(perMillion(measured)).filter(([name]) => !isServer(name))));

export function ratiosOf(samples: readonly Sample[]): Ratio[] {
  const rounds = Math.max(0, ...samples.map(({ round }) => round + 1));
  const byRound = (work: WorkName, subject: SubjectName, value: (measured: Measured) => number) =>
    Array.from({ length: rounds }, (_, round) => {
      const sample = samples.find((one) => one.work === work && one.subject === subject && one.round === round);
      return sample && value(sample.measured);
    });
  return workNames.flatMap((work) =>
    // what is sent by a schedule comes as fast as it is sent, whoever takes it
    work === 'latency'
      ? []
      : subjectNames.flatMap((other) => {
          if (other === 'ours') return [];
          const throughput = pairedRatio(byRound(work, 'ours', throughputOf), byRound(work, other, throughputOf));
          const cpu = pairedRatio(byRound(work, 'ours', ownCpu), byRound(work, other, ownCpu));
          return throughput && cpu ? [{ work, other, throughput, cpu }] : [];
        }),
  );
}
