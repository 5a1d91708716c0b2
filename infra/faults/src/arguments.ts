import { parseArgs } from 'node:util';
import { breakNames, type BreakName, type breaks } from './break/breaks.js';

export interface FaultArguments {
  /** Names of faults; empty: all */
  readonly only: readonly string[];
  readonly seed: number;
  /** How long faults are injected, over and over; undefined: each once */
  readonly minutes: number | undefined;
  /** SIGKILLs in all, over every part */
  readonly kills: number | undefined;
  /** Name under which the parts of a long run of kills are added up */
  readonly resume: string | undefined;
  readonly quick: boolean;
  readonly json: boolean;
  /** Keep the evidence of a good run too */
  readonly keep: boolean;
  /** The guard to take out */
  readonly broken: BreakName | undefined;
  readonly help: boolean;
}

/** Throws an Error that names the option and the rule. `faults` are the names there are. */
export function readArguments(argv: readonly string[], faults: readonly string[]): FaultArguments {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      only: { type: 'string', multiple: true, default: [] },
      seed: { type: 'string' },
      minutes: { type: 'string' },
      kills: { type: 'string' },
      resume: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      break: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const only = values.only.flatMap((names) => names.split(',')).filter((name) => name !== '');
  for (const name of only) mustBeOneOf('--only', name, faults);
  if (values.break !== undefined) mustBeOneOf('--break', values.break, breakNames);
  const kills = wholeNumber('--kills', values.kills);
  if (kills !== undefined && only.some((name) => name !== 'kill'))
    throw new Error('--kills goes with --only kill alone');
  if (values.resume !== undefined && kills === undefined) throw new Error('--resume goes with --kills');
  if (values.resume !== undefined && !/^[\w-]+$/.test(values.resume)) {
    throw new Error(`--resume must be letters, digits and dashes, not ${JSON.stringify(values.resume)}`);
  }
  return {
    only: kills === undefined ? [...new Set(only)] : ['kill'],
    seed: wholeNumber('--seed', values.seed, 0) ?? Date.now() % 1_000_000,
    minutes: wholeNumber('--minutes', values.minutes),
    kills,
    resume: values.resume,
    quick: values.quick,
    json: values.json,
    keep: values.keep,
    broken: values.break as BreakName | undefined,
    help: values.help,
  };
}

function mustBeOneOf(option: string, name: string, names: readonly string[]): void {
  if (!names.includes(name)) throw new Error(`${option} must be of ${names.join(', ')}, not ${JSON.stringify(name)}`);
}

function wholeNumber(option: string, text: string | undefined, least = 1): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!Number.isInteger(number) || number < least || number > 0x7fffffff) {
    throw new Error(`${option} must be a whole number from ${least}, not ${JSON.stringify(text)}`);
  }
  return number;
}

/** For --help */
export function usage(
  faults: readonly { name: string; what: string; long?: boolean }[],
  guards: typeof breaks,
): string {
  const width = Math.max(...faults.map(({ name }) => name.length));
  return `npm run faults -- [options]

Starts Kafka, Postgres and two replicas of each service of its own, breaks them under load, and compares what was
told to senders and agents with what the stores and topics hold. Exit code 1 unless nothing was lost, doubled or
misordered and every limit was kept.

  --only a,b       these faults only
  --seed N         decides what is sent and what is broken when; printed, to be given again
  --minutes N      over and over, in an order by the seed, until so long has passed; else each once
  --kills N        --only kill, until there were so many
  --resume NAME    with --kills: may be run in parts, that are added up in .data/faults/NAME.parts.json
  --quick          each shortened, at most 6 minutes in all
  --json           the last line is one JSON object
  --break NAME     without that guard, to see it turn red; without --only by the faults that show it
  --keep           the evidence of a good run is kept too

Faults (* minutes: by name, with --quick, or with --minutes 40 and more):
${faults.map(({ name, what, long }) => `  ${name.padEnd(width)} ${long ? '*' : ' '} ${what}`).join('\n')}

Guards:
${breakNames.map((name) => `  ${name.padEnd(width)}   ${guards[name].note}`).join('\n')}
`;
}
