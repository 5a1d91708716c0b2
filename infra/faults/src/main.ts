import { setMaxListeners } from 'node:events';
import { readArguments, usage, type FaultArguments } from './arguments.js';
import { breaks } from './break/breaks.js';
import { catalogue } from './faults/catalogue.js';
import { type Fault } from './faults/fault.js';
import { addPart, partsOf, sumOf } from './parts.js';
import { type Random } from './random.js';
import { complaints, resultOf, tableOf, type FaultsResult } from './report.js';
import { runFaults } from './run.js';

/** Short ones that do not disturb each other's measurements go together in a quick run. */
const together: readonly (readonly string[])[] = [['slow', 'postgres-terminate']];
/** Minutes that the long faults need beside the others */
const ROOM_FOR_LONG = 40;

function chosen({ only: named, quick, minutes, broken }: FaultArguments): Fault[] {
  const only = named.length === 0 && broken ? breaks[broken].faults : named;
  if (only.length > 0) return catalogue.filter(({ name }) => only.includes(name));
  return catalogue.filter(({ long }) => !long || quick || (minutes ?? 0) >= ROOM_FOR_LONG);
}

/** Each once in an order by the seed; over and over where minutes are given. */
function* schedule(args: FaultArguments, random: Random): Iterable<readonly Fault[]> {
  const faults = chosen(args);
  const until = args.minutes === undefined ? 0 : performance.now() + args.minutes * 60_000;
  do {
    const groups = args.quick
      ? [
          ...together.map((names) => faults.filter(({ name }) => names.includes(name))),
          ...faults.filter(({ name }) => !together.flat().includes(name)).map((fault) => [fault]),
        ].filter((group) => group.length > 0)
      : faults.map((fault) => [fault]);
    for (const group of random.shuffle(groups)) {
      yield group;
      if (until > 0 && performance.now() > until) return;
    }
  } while (performance.now() < until);
}

async function main(): Promise<number> {
  let args: FaultArguments;
  try {
    args = readArguments(
      process.argv.slice(2),
      catalogue.map(({ name }) => name),
    );
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\nSee npm run faults -- --help\n`);
    return 2;
  }
  const print = (text: string) => void process.stdout.write(`${text}\n`);
  const say = (text: string) => void process.stderr.write(`${text}\n`);
  if (args.help) {
    print(usage(catalogue, breaks));
    return 0;
  }
  const stopping = new AbortController();
  // Everything that waits listens to it.
  setMaxListeners(0, stopping.signal);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => stopping.abort(new Error(`Stopped by ${signal}.`)));
  }

  const before = args.resume === undefined ? [] : await partsOf(args.resume);
  const done = before.reduce((sum, { line }) => sum + line.injected, 0);
  const finish = (result: FaultsResult): number => {
    if (args.json) print(JSON.stringify(result));
    return result.verdict === 'good' ? 0 : 1;
  };
  if (args.kills !== undefined && done >= args.kills) {
    say(`${done} kills are done, in ${before.length} parts.`);
    return finish(sumOf(before));
  }

  // A part is not to repeat the one before.
  const seed = args.seed + before.length;
  say(`seed ${seed}`);
  const broken = args.broken && breaks[args.broken];
  const { report, evidence } = await runFaults({
    schedule: (random) => schedule(args, random),
    seed,
    quick: args.quick,
    minutes: args.minutes,
    kills: args.kills === undefined ? broken?.kills : args.kills - done,
    keep: args.keep,
    // A guard that is missing must show by what is wrong, not by what is slow.
    ...(broken && { programs: broken.programs, timed: false }),
    say,
    signal: stopping.signal,
  });
  const result = resultOf(report);
  (args.json ? say : print)(`\n${tableOf(report)}\n\nseed ${seed} · ${new Date().toISOString()} · ${result.verdict}`);
  if (result.verdict === 'bad') {
    for (const complaint of complaints(report)) say(`✘ ${complaint}`);
    say(`\nLogs, journal, stores and topics of this run: ${evidence}`);
    const words = process.argv.slice(2).filter((word) => word !== '--keep');
    const without = words.filter(
      (word, at) => word !== '--seed' && words[at - 1] !== '--seed' && !word.startsWith('--seed='),
    );
    say(`Again with the same seed: npm run faults -- ${[...without, '--seed', String(seed)].join(' ')}`);
  }
  if (args.resume === undefined) return finish(result);
  const parts = await addPart(args.resume, {
    at: new Date().toISOString(),
    seed,
    line: result.faults['kill']!,
    verdict: result.verdict,
  });
  const sum = sumOf(parts);
  say(`${sum.faults['kill']!.injected} of ${args.kills} kills, in ${parts.length} parts: ${sum.verdict}`);
  return finish(sum);
}

main().then(
  (status) => process.exit(status),
  (error: unknown) => {
    // Stopped on purpose, or told in words; else a fault of the harness's own, and where it is matters.
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
