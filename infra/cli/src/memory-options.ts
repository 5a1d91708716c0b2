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

/** Megabytes of each half of where new objects lie: what dies there costs little. 8 instead of 4 is a tenth less CPU, and 20 MB and more. */
const semiSpaceMegabytes: Readonly<Record<ProgramName, number>> = {
  ...{ ingestion: 8, learning: 8, routing: 8, rehearsal: 8, insights: 8, console: 4 },
  // the tables of the tagger, and the words of two events a loop, leave no room for it
  ...{ sentiment: 4, loop: 4 },
};

/**
 * What keeps a service's memory low under load, 180 MB with a backlog of any size. Without a bound V8 lets garbage lie for as long as
 * there is room, and glibc keeps a heap for each thread. Ingestion reads whole bodies of 16 MiB, and gets room for many at once.
 */
export const memoryOptions = (service: ProgramName): Readonly<Record<'NODE_OPTIONS' | 'MALLOC_ARENA_MAX', string>> => ({
  NODE_OPTIONS: [
    '--disable-warning=TimeoutNegativeWarning',
    `--max-semi-space-size=${semiSpaceMegabytes[service]}`,
    `--max-old-space-size=${heapMegabytes[service]}`,
  ].join(' '),
  MALLOC_ARENA_MAX: '2',
});
