import { type ProgramName } from './workspace.js';

/** The nearer it is to what is in use, the earlier V8 collects. Of a fetch, up to 6 MB, texts, events and answers are in memory at once. */
const heapMegabytes: Readonly<Record<ProgramName, number>> = {
  ingestion: 512,
  sentiment: 80,
  // what a model is learned from is in memory at once
  learning: 256,
  routing: 160,
  rehearsal: 192,
  loop: 112,
  insights: 256,
  console: 128,
};

/**
 * Megabytes of each half of where new objects lie: room for what is made of a batch, or V8 copies all of it, twice. Those that rest after
 * each fetch have larger batches.
 */
const semiSpaceMegabytes: Readonly<Record<ProgramName, number>> = {
  ...{ ingestion: 8, sentiment: 8, routing: 8, loop: 8, console: 8 },
  ...{ learning: 16, rehearsal: 16, insights: 16 },
};

/**
 * By how much a heap may grow before V8 goes through all of it again. With its own 30 % it does so four times a second behind a backlog. The
 * hops keep nothing, and have room for more; the others would come near to 180 MB.
 */
const heapGrowingPercent: Readonly<Record<ProgramName, number>> = {
  ...{ ingestion: 60, learning: 60, rehearsal: 60, loop: 60, insights: 60, console: 60 },
  ...{ sentiment: 100, routing: 100 },
};

/** Node 22 and later take 10 to 20 MB more for the same. Where that would come above 180 MB, they collect sooner (ADR 0034). */
const sinceNode22: {
  readonly [service in ProgramName]?: { readonly semiSpace?: number; readonly heapGrowing: number };
} = {
  ingestion: { heapGrowing: 40 },
  loop: { semiSpace: 4, heapGrowing: 40 },
};

const isNode20 = (version: string): boolean => version.startsWith('20.');
const sooner = (service: ProgramName, version: string) => (isNode20(version) ? undefined : sinceNode22[service]);

/**
 * What node is started with before a service's main: it takes these from its command line only.
 *
 * - One helper marks what lives while the service's own thread goes on: a sixth of what that thread did behind a backlog (ADR 0031). Heaps are
 *   small: other helpers, which it would wait for, take more than they spare it.
 * - What V8 has optimized of a function that is made anew for each batch, `values.map((value) => …)`, goes with the next
 *   collection of the whole heap, and is made again: a fifth of what the services took. So the small ones have to be as hot as any other first (ADR 0024).
 *   Only Node 20's V8 can be told so; later ones end at once with what they do not know.
 *
 * @param version of the Node that is started, `20.19.0`
 */
export const nodeFlags = (service: ProgramName, version: string = process.versions.node): readonly string[] => [
  '--concurrent-marking-max-worker-num=1',
  ...['scavenge', 'compaction', 'pointer-update'].map((what) => `--no-parallel-${what}`),
  ...['sweeping', 'array-buffer-sweeping'].map((what) => `--no-concurrent-${what}`),
  `--heap-growing-percent=${sooner(service, version)?.heapGrowing ?? heapGrowingPercent[service]}`,
  ...(isNode20(version) ? ['--max-bytecode-size-for-early-opt=0'] : []),
];

/**
 * What keeps a service's memory low under load, 180 MB with a backlog of any size. Without a bound V8 lets garbage lie for as long as
 * there is room, and glibc keeps a heap for each thread; and once a buffer as large as a fetch is freed, it cuts the next ones out of its
 * heap, where they leave holes. Ingestion reads whole bodies of 16 MiB, and gets room for many at once.
 * @param version of the Node that is started, `22.12.0`
 */
export const memoryOptions = (
  service: ProgramName,
  version: string = process.versions.node,
): Readonly<Record<'NODE_OPTIONS' | 'MALLOC_ARENA_MAX' | 'MALLOC_MMAP_THRESHOLD_', string>> => ({
  NODE_OPTIONS: [
    '--disable-warning=TimeoutNegativeWarning',
    `--max-semi-space-size=${sooner(service, version)?.semiSpace ?? semiSpaceMegabytes[service]}`,
    `--max-old-space-size=${heapMegabytes[service]}`,
  ].join(' '),
  MALLOC_ARENA_MAX: '2',
  // above it a buffer is the system's, and goes back to it
  MALLOC_MMAP_THRESHOLD_: String(256 * 1024),
});
