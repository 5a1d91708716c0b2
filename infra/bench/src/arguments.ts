import { parseArgs } from 'node:util';
import { growthNames } from './growth/growth.js';
import { subjectNames, type SubjectName } from './subjects/subject.js';
import { workNames } from './works/work.js';

/** What is measured on the shipped services alone, and not by default. */
export const aloneNames = ['idle', 'deadlines', 'insights', 'footprint', 'archive'] as const;
export const benchmarks = [...workNames, ...aloneNames, ...growthNames] as const;
export type Benchmark = (typeof benchmarks)[number];

export interface BenchArguments {
  readonly only: readonly Benchmark[];
  readonly subjects: readonly SubjectName[];
  readonly quick: boolean;
  readonly rounds: number;
  /** One JSON object as the last line of stdout */
  readonly json: boolean;
  /** The document to write, with its charts in a folder beside it */
  readonly write: string | undefined;
  /** A reference to compare with, and one to write */
  readonly reference: string | undefined;
  readonly writeReference: string | undefined;
  /** JSONL of `{text}`: what customers wrote */
  readonly texts: string;
  /** Open loops; of the archive all of them */
  readonly loops: number;
  /** Events that wait to be worked off; a tenth of them are more than a new loop service is given before it is measured */
  readonly backlog: number;
  /** For how long deadlines are due at the rate of a million an hour, seconds */
  readonly seconds: number;
  /** Feedback that insights has counted */
  readonly feedback: number;
  /** Events that it counts while that is measured */
  readonly events: number;
}

/** Those that something is to be reached against */
const quickSubjects = subjectNames.filter((name) => name !== 'kafka-streams-at-least-once');

/** @throws Error that names the option and the rule */
export function readArguments(argv: readonly string[]): BenchArguments {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      only: { type: 'string' },
      subjects: { type: 'string' },
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      json: { type: 'boolean', default: false },
      write: { type: 'string' },
      reference: { type: 'string' },
      'write-reference': { type: 'string' },
      texts: { type: 'string', default: '../shared/data/airline.jsonl' },
      loops: { type: 'string', default: '10000000' },
      backlog: { type: 'string', default: '1000000' },
      seconds: { type: 'string', default: '60' },
      feedback: { type: 'string', default: '10000000' },
      events: { type: 'string', default: '50000' },
    },
  });
  return {
    only: namesOf('--only', values.only, benchmarks, workNames),
    subjects: namesOf('--subjects', values.subjects, subjectNames, values.quick ? quickSubjects : subjectNames),
    quick: values.quick,
    rounds: values.rounds === undefined ? (values.quick ? 1 : 5) : numberOf('--rounds', values.rounds, 1, 100),
    json: values.json,
    write: fileOf('--write', values.write, '.md'),
    reference: fileOf('--reference', values.reference, '.json'),
    writeReference: fileOf('--write-reference', values['write-reference'], '.json'),
    texts: values.texts,
    loops: numberOf('--loops', values.loops, 1_000, 100_000_000),
    backlog: numberOf('--backlog', values.backlog, 300_000, 100_000_000),
    seconds: numberOf('--seconds', values.seconds, 5, 3_600),
    feedback: numberOf('--feedback', values.feedback, 10_000, 100_000_000),
    events: numberOf('--events', values.events, 1_000, 1_000_000),
  };
}

function namesOf<Name extends string>(
  option: string,
  text: string | undefined,
  names: readonly Name[],
  byDefault: readonly Name[],
): readonly Name[] {
  if (text === undefined) return byDefault;
  const given = text.split(',');
  const wrong = given.find((name) => !(names as readonly string[]).includes(name));
  if (wrong !== undefined) throw new Error(`${option} must be of ${names.join(', ')}, not ${JSON.stringify(wrong)}`);
  return names.filter((name) => given.includes(name));
}

function fileOf(option: string, name: string | undefined, ending: string): string | undefined {
  if (name !== undefined && !name.endsWith(ending)) {
    throw new Error(`${option} must be a file that ends with ${ending}, not ${JSON.stringify(name)}`);
  }
  return name;
}

function numberOf(name: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < least || number > most) {
    throw new Error(`${name} must be a whole number from ${least} to ${most}, not ${JSON.stringify(text)}`);
  }
  return number;
}
