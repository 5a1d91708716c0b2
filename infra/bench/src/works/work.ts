import { type Running, type Place, type SubjectName, type Part } from '../subjects/subject.js';
import { type Measured } from './measure.js';

export const workNames = ['pipeline', 'single', 'latency', 'hops', 'loop', 'ingestion'] as const;
export type WorkName = (typeof workNames)[number];

/** For how long each is measured, seconds: how many events that is follows from how fast it is when it is warm. */
export interface Durations {
  readonly warmUp: number;
  readonly measured: number;
}

/** Of one run, whatever is measured in it. */
export interface RunOptions {
  readonly rounds: number;
  readonly durations: Durations;
  readonly texts: readonly string[];
  /** Of the run; whoever calls removes it */
  readonly folder: string;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/** What is done with one subject after another, in one life of each. */
export interface Session {
  readonly works: readonly WorkName[];
  readonly parts: readonly Part[];
  readonly subjects: readonly SubjectName[];
  run(
    place: Place,
    running: Running,
    options: {
      readonly works: ReadonlySet<WorkName>;
      readonly durations: Durations;
      readonly texts: readonly string[];
    },
  ): Promise<Partial<Record<WorkName, Measured>>>;
}

export const durations: Durations = { warmUp: 5, measured: 12 };

/** For a first look */
export const quickDurations: Durations = { warmUp: 1, measured: 3 };
