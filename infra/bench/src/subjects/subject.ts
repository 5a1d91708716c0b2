import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Program } from '../rig/program.js';
import { type Stores } from '../rig/stores.js';

/** The stations of the journey, as the services that take them are called. */
export type Part = 'ingestion' | 'sentiment' | 'routing' | 'loop';

/** Where one that is measured lives; nobody else's topics and databases begin so. */
export interface Place {
  readonly topicPrefix: string;
  readonly databasePrefix: string;
  /** Of each topic; as the shipped services make them where it is left out */
  readonly partitions?: number;
  /** Logs, and whatever else it writes */
  readonly folder: string;
  readonly stores: Stores;
  readonly say: (line: string) => void;
}

/** One that is measured, started and ready. */
export interface Running {
  /** By the names that its figures have */
  readonly pids: Readonly<Record<string, number>>;
  /** Where feedback is accepted over HTTP, where it is */
  readonly url?: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Whose table `loop` gets a row a loop */
  readonly loopDatabase: string;
  /** Its loops have ids as ours derive them, so that each is known again by the feedback that opened it */
  readonly derivedIds: boolean;
  /** @throws where one of its processes has ended */
  assertRuns(): void;
  signal(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

/** What is compared. */
export interface Subject {
  readonly name: SubjectName;
  /** Why it cannot be measured here */
  missing?(): Promise<string | undefined>;
  /** Starts those parts alone. */
  start(place: Place, parts: readonly Part[]): Promise<Running>;
}

export const subjectNames = [
  'ours',
  'bare',
  'stock-nest',
  'kafka-streams-exactly-once',
  'kafka-streams-at-least-once',
] as const;
export type SubjectName = (typeof subjectNames)[number];

export const pidsOf = (programs: readonly Program[]): Record<string, number> =>
  Object.fromEntries(programs.map(({ name, pid }) => [name, pid]));

/** All of them, or none. */
export async function startAll(starts: readonly Promise<Program>[]): Promise<readonly Program[]> {
  const outcomes = await Promise.allSettled(starts);
  const programs = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) {
    await Promise.allSettled(programs.map((program) => program.stop()));
    throw failed.reason;
  }
  return programs;
}

/** Each is told, and all are waited for, whatever becomes of one. */
export async function stopAll(programs: readonly Program[]): Promise<void> {
  const outcomes = await Promise.allSettled(programs.map((program) => program.stop()));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}

/** A place of its own for each one that is started, named after it and numbered. */
export function placesIn(
  folder: string,
  stores: Stores,
  say: Place['say'],
): (name: string, partitions?: number) => Promise<Place> {
  let places = 0;
  return async (name, partitions) => {
    const own = `${name}-${++places}`;
    await mkdir(join(folder, own), { recursive: true });
    return {
      ...{ topicPrefix: `${own}.`, databasePrefix: `${own}_`.replaceAll('-', '_') },
      ...{ folder: join(folder, own), stores, say },
      ...(partitions !== undefined && { partitions }),
    };
  };
}
