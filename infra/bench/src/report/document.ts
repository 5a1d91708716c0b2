import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type SubjectName } from '../subjects/subject.js';
import { type WorkName } from '../works/work.js';
import { barChart, type Bar } from './chart.js';
import { isServer, type Figure, type Ratio } from './figures.js';
import { judge, times } from './targets.js';

export interface Run {
  readonly figures: readonly Figure[];
  readonly ratios: readonly Ratio[];
  readonly machine: string;
  /** Processor cores of it */
  readonly cores: number;
  /** YYYY-MM-DD */
  readonly date: string;
}

const titles: Readonly<Record<WorkName, string>> = {
  pipeline: 'The whole pipeline, 100 events a request',
  single: 'The whole pipeline, one event a request',
  latency: 'From accept to the committed loop, at half of the most that is possible',
  hops: 'Tagging and routing',
  loop: 'Loop writes',
  ingestion: 'Ingestion, durably accepted',
};

const explanations: Readonly<Record<WorkName, string>> = {
  pipeline:
    'From the first HTTP request to the last committed loop; every event opens a loop. 8 connections, each sends the next request when the last one is answered.',
  single: 'The same, by 64 connections with one event a request.',
  latency:
    'One event a request, sent by a schedule at half of the rate of the table before, whether or not earlier ones were answered; from the scheduled time to the commit of the loop, by Postgres.',
  hops: 'A backlog on feedback.received.v1, read to the end of feedback.routed.v1. Ours finds language, sentiment, topics, urgency and applies the rules; the others pass on what they read with fixed tags.',
  loop: 'A backlog on feedback.routed.v1, as our routing makes it, until the last loop is committed. COPY writes the same rows into the same tables; ours also sends what its outbox holds.',
  ingestion:
    '100 events a request, 8 connections, until the last answer. What is accepted is committed; ours also sends it to Kafka meanwhile, the other leaves it in its outbox.',
};

const names: Readonly<Record<SubjectName, string>> = {
  ours: 'Closeloop',
  bare: 'bare parts',
  'stock-nest': 'stock NestJS',
  'kafka-streams-exactly-once': 'Kafka Streams, exactly-once',
  'kafka-streams-at-least-once': 'Kafka Streams, at-least-once',
};

/** Writes the document, and its charts into a folder of its name beside it. */
export async function writeDocument(file: string, run: Run): Promise<void> {
  const charts = chartsOf(run.figures);
  const folder = file.slice(0, -'.md'.length);
  await mkdir(folder, { recursive: true });
  for (const { name, svg } of charts) await writeFile(join(folder, name), svg);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, documentOf(run, basename(folder)));
}

/** `folder`: of the charts, as the document reaches it */
export function documentOf({ figures, ratios, machine, cores, date }: Run, folder: string): string {
  const works = [...new Set(figures.map(({ work }) => work))];
  const rounds = Math.max(0, ...figures.map((figure) => figure.rounds));
  return (
    [
      '# Performance',
      `Written by \`npm run bench -- --write docs/performance.md\` on ${date}: ${machine}; broker, Postgres, load and all services on it. ${rounds === 1 ? 'One round' : `${rounds} rounds`}, interleaved, in a different order each time; medians, with the quartiles in brackets. What warms up is thrown away. acks=all and fsync are on for all. How: [infra/bench](../infra/bench/README.md).`,
      '## What is to be reached',
      markdownTable(
        ['Closeloop against', 'measured', 'floor', 'aim', ''],
        judge(figures, ratios).map(({ what, measured, floor, aim, verdict }) => [
          ...[what, measured, floor, aim],
          { aim: 'aim reached', floor: 'floor reached', short: 'aim not reached', below: '**below the floor**' }[
            verdict
          ],
        ]),
      ),
      'A ratio above 1 says that Closeloop is faster. Each is taken within a round, so that what slows the machine down slows both.',
      ...works.flatMap((work) => sectionOf(work, figures, ratios, folder)),
      ...costSection(figures, cores),
      '',
    ]
      .join('\n\n')
      .trimEnd() + '\n'
  );
}

function sectionOf(work: WorkName, figures: readonly Figure[], ratios: readonly Ratio[], folder: string): string[] {
  const rows = figures.filter((figure) => figure.work === work);
  const timed = rows.some(({ p50Ms }) => p50Ms !== undefined);
  return [
    `## ${titles[work]}`,
    explanations[work],
    `![${titles[work]}](${folder}/${work}.svg)`,
    markdownTable(
      [
        '',
        'events a second',
        ...(timed ? ['p50', 'p99'] : []),
        'CPU seconds a million',
        'ours against it',
        'CPU of ours against it, without Kafka and Postgres',
      ],
      rows.map(({ subject, eventsPerSecond, cpuSecondsPerMillion, p50Ms, p99Ms }) => {
        const ratio = ratios.find((one) => one.work === work && one.other === subject);
        return [
          names[subject],
          range(eventsPerSecond, whole),
          ...(timed
            ? [p50Ms, p99Ms].map((spread) => (spread ? range(spread, (value) => `${value.toFixed(1)} ms`) : ''))
            : []),
          range(cpuSecondsPerMillion, whole),
          ratio ? times(ratio.throughput.median) : '',
          ratio ? times(ratio.cpu.median) : '',
        ];
      }),
    ),
    'CPU seconds a million events, and the most memory resident (MB), by process:',
    processTable(rows),
  ];
}

/** The work in which each part of the journey is measured alone */
const aloneIn: Readonly<Record<string, WorkName>> = {
  ingestion: 'ingestion',
  sentiment: 'hops',
  routing: 'hops',
  loop: 'loop',
};

/** The cost of one event as the sum of its parts, held against each part alone and against what the whole does. */
function costSection(figures: readonly Figure[], cores: number): string[] {
  const ours = (work: WorkName) => figures.find((figure) => figure.work === work && figure.subject === 'ours');
  const together = ours('pipeline');
  if (!together) return [];
  const rows = Object.entries(together.cpuByProcess)
    .sort(([a], [b]) => Number(isServer(a)) - Number(isServer(b)))
    .map(([name, seconds]) => {
      const alone = aloneIn[name] && ours(aloneIn[name])?.cpuByProcess[name];
      return [name, whole(seconds), alone ? whole(alone) : '', alone ? times(seconds / alone) : ''];
    });
  const sum = together.cpuSecondsPerMillion.median;
  const most = (cores * 1e6) / sum;
  return [
    '## What one event costs, by part',
    'CPU seconds a million events, so microseconds an event: in the whole pipeline, and by each part alone, with nothing beside it but Kafka and Postgres. An event is to cost the sum of its parts, whoever runs beside: the last column says how far that holds. In the pipeline ingestion keeps the ledger, too: what became of each.',
    markdownTable(['', 'in the pipeline', 'alone', 'against alone'], rows),
    `In all ${whole(sum)}: ${cores} cores carry ${whole(most)} events a second at most, if all parts keep up. Measured were ${whole(together.eventsPerSecond.median)} to the committed loop, ${times(together.eventsPerSecond.median / most)} of it; above 1 those beside the journey come later, below 1 the cores waited, or did what is not an event's.`,
  ];
}

function processTable(rows: readonly Figure[]): string {
  const processes = [...new Set(rows.flatMap(({ cpuByProcess }) => Object.keys(cpuByProcess)))].sort(
    (a, b) => Number(isServer(a)) - Number(isServer(b)),
  );
  return markdownTable(
    ['', ...rows.map(({ subject }) => names[subject])],
    processes.map((name) => [
      name,
      ...rows.map(({ cpuByProcess, rssByProcess }) => {
        const seconds = cpuByProcess[name];
        const memory = rssByProcess[name];
        return seconds === undefined ? '' : `${whole(seconds)}${memory === undefined ? '' : ` (${whole(memory)} MB)`}`;
      }),
    ]),
  );
}

const whole = (value: number): string => Math.round(value).toLocaleString('en');
const range = ({ median, q1, q3 }: Figure['eventsPerSecond'], say: (value: number) => string): string =>
  `${say(median)} (${say(q1)} to ${say(q3)})`;

/** As Prettier lays tables out, so that a written document is a formatted one. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, at) => Math.max(3, ...cells.map((row) => row[at]!.length)));
  const line = (row: readonly string[]): string => `| ${row.map((cell, at) => cell.padEnd(widths[at]!)).join(' | ')} |`;
  return [
    line(cells[0]!),
    `| ${widths.map((length) => '-'.repeat(length)).join(' | ')} |`,
    ...cells.slice(1).map(line),
  ].join('\n');
}

function chartsOf(figures: readonly Figure[]): { name: string; svg: string }[] {
  const works = [...new Set(figures.map(({ work }) => work))];
  return works.map((work) => ({
    name: `${work}.svg`,
    svg: barChart(
      `${titles[work]}: ${work === 'latency' ? 'milliseconds' : 'events a second'}`,
      figures.filter((figure) => figure.work === work).flatMap(barsOf),
    ),
  }));
}

function barsOf({ work, subject, eventsPerSecond, p50Ms, p99Ms }: Figure): Bar[] {
  const bar = (label: string, { median, q1, q3 }: Figure['eventsPerSecond'], text: string): Bar => ({
    ...{ label, value: median, from: q1, to: q3, ours: subject === 'ours', text },
  });
  if (work !== 'latency') return [bar(names[subject], eventsPerSecond, `${whole(eventsPerSecond.median)} a second`)];
  return [
    ...(p50Ms ? [bar(`${names[subject]}, p50`, p50Ms, `${p50Ms.median.toFixed(1)} ms`)] : []),
    ...(p99Ms ? [bar(`${names[subject]}, p99`, p99Ms, `${p99Ms.median.toFixed(1)} ms`)] : []),
  ];
}
