import { type SubjectName } from '../subjects/subject.js';
import { type WorkName } from '../works/work.js';
import { type Figure, type Ratio, isServer } from './figures.js';

/** What is to be reached. */
interface Target {
  readonly what: string;
  readonly work: WorkName;
  readonly other: SubjectName;
  readonly floor: number;
  readonly aim: number;
}

const targets: readonly Target[] = [
  {
    ...{ what: 'the whole pipeline, 100 events a request, against the bare chain', work: 'pipeline', other: 'bare' },
    ...{ floor: 0.7, aim: 1 },
  },
  {
    ...{
      what: 'the whole pipeline, 100 events a request, against stock NestJS',
      work: 'pipeline',
      other: 'stock-nest',
    },
    ...{ floor: 15, aim: 25 },
  },
  {
    ...{ what: 'one event a request, against the bare chain', work: 'single', other: 'bare' },
    ...{ floor: 0.8, aim: 1.2 },
  },
  {
    ...{
      what: 'tagging and routing, against Kafka Streams exactly-once',
      work: 'hops',
      other: 'kafka-streams-exactly-once',
    },
    ...{ floor: 1, aim: 1.3 },
  },
  {
    ...{ what: 'loop writes, against COPY of the same rows', work: 'loop', other: 'bare' },
    ...{ floor: 0.6, aim: 0.8 },
  },
  {
    ...{ what: 'ingestion, durably accepted, against raw HTTP with UNNEST', work: 'ingestion', other: 'bare' },
    ...{ floor: 0.7, aim: 0.85 },
  },
];

/** `short`: of what has an aim and no floor */
export type Verdict = 'aim' | 'floor' | 'short' | 'below';

export interface Judged {
  readonly what: string;
  readonly measured: string;
  readonly floor: string;
  readonly aim: string;
  readonly verdict: Verdict;
}

const most = { p50: [20, 10], p99: [120, 50], rssMb: [180, 150] } as const;

const atLeast = (value: number, floor: number, aim: number): Verdict =>
  value >= aim ? 'aim' : value >= floor ? 'floor' : 'below';
const atMost = (value: number, floor: number, aim: number): Verdict =>
  value <= aim ? 'aim' : value <= floor ? 'floor' : 'below';

/** What was measured, against what is to be reached; what was not measured is left out. */
export function judge(figures: readonly Figure[], ratios: readonly Ratio[]): Judged[] {
  const compared = targets.flatMap(({ what, work, other, floor, aim }): Judged[] => {
    const ratio = ratios.find((one) => one.work === work && one.other === other);
    if (!ratio) return [];
    const { median, q1, q3 } = ratio.throughput;
    return [
      {
        ...{ what, measured: `${times(median)} (${times(q1)} to ${times(q3)})`, floor: times(floor), aim: times(aim) },
        verdict: atLeast(median, floor, aim),
      },
    ];
  });
  const streams = ratios.find(({ work, other }) => work === 'hops' && other === 'kafka-streams-exactly-once');
  const latency = figures.find(({ work, subject }) => work === 'latency' && subject === 'ours');
  const journey = figures.find(({ work, subject }) => work === 'pipeline' && subject === 'ours');
  const services = Object.entries(journey?.rssByProcess ?? {}).filter(([name]) => !isServer(name));
  const largest = services.sort(([, a], [, b]) => b - a)[0];
  return [
    ...compared,
    ...(streams
      ? [
          {
            what: 'CPU of tagging and routing, against Kafka Streams exactly-once',
            ...{ measured: times(streams.cpu.median), floor: '', aim: `at most ${times(0.7)}` },
            verdict: streams.cpu.median <= 0.7 ? ('aim' as const) : ('short' as const),
          },
        ]
      : []),
    ...(['p50', 'p99'] as const).flatMap((name): Judged[] => {
      const spread = latency?.[`${name}Ms`];
      if (!spread) return [];
      const [floor, aim] = most[name];
      const what = `from accept to the committed loop at half of the most that is possible, ${name}`;
      const ms = (value: number): string => `${value.toFixed(1)} ms`;
      return [
        {
          ...{ what, measured: `${ms(spread.median)} (${ms(spread.q1)} to ${ms(spread.q3)})` },
          ...{ floor: `at most ${floor} ms`, aim: `at most ${aim} ms`, verdict: atMost(spread.median, floor, aim) },
        },
      ];
    }),
    ...(largest
      ? [
          {
            what: `memory of the largest service (${largest[0]})`,
            ...{ measured: `${largest[1].toFixed(0)} MB`, floor: `at most ${most.rssMb[0]} MB` },
            ...{ aim: `at most ${most.rssMb[1]} MB`, verdict: atMost(largest[1], ...most.rssMb) },
          },
        ]
      : []),
  ];
}

export const times = (value: number): string => `${value >= 10 ? value.toFixed(0) : value.toFixed(2)} ×`;
