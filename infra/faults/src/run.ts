import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { workspaceRoot } from '@closeloop/cli';
import { type ServiceName } from '@closeloop/contracts';
import { keepEvidence } from './evidence.js';
import { type Fault, FaultContext, type FaultSettings } from './faults/fault.js';
import { untilFlowing } from './load/canary.js';
import { startLoad } from './load/load.js';
import { drained, examine } from './oracle/oracle.js';
import { Random } from './random.js';
import { complaints, resultOf, type FaultOutcome, type RunReport } from './report.js';
import { Receiver } from './rig/receiver.js';
import { newRunFolder } from './rig/run-folder.js';
import { startRig, type Rig } from './rig/rig.js';

export interface RunOptions {
  /** In groups: those of one group at the same time */
  readonly schedule: (random: Random) => Iterable<readonly Fault[]>;
  readonly seed: number;
  readonly quick: boolean;
  readonly minutes?: number | undefined;
  readonly kills?: number | undefined;
  readonly programs?: Partial<Record<ServiceName, string>>;
  /** Default: true. False: how long things take is told, and not judged */
  readonly timed?: boolean;
  readonly keep?: boolean;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

export const faultsFolder = join(workspaceRoot, '.data', 'faults');

/** What twelve services, Kafka, Postgres and the harness do on two cores and have time left: else it is measured who waits for a processor. */
const ITEMS_PER_SECOND = 10;
const AGENTS = 4;
/** Whoever was killed leaves deliveries and replies that nobody else tries for a minute. */
const DRAINED_WITHIN_S = 180;

/** One run on a system of its own: load, faults, rest, judgement. What was started is ended, whatever happens.
 * @returns the report, and where the evidence is kept */
export async function runFaults(options: RunOptions): Promise<{ report: RunReport; evidence: string | undefined }> {
  const { seed, quick, signal } = options;
  const begun = performance.now();
  const say = (line: string) => options.say(`${((performance.now() - begun) / 1000).toFixed(1).padStart(6)} ${line}`);
  const random = new Random(seed);
  const folder = await newRunFolder(faultsFolder, `${new Date().toISOString().replaceAll(/[:.]/g, '-')}-${seed}`, say);
  // What it refuses is of the seed, and moves nothing else of it.
  const receiver = await Receiver.start(new Random(seed));
  let rig: Rig | undefined;
  let failed = true;
  try {
    rig = await startRig({
      folder,
      // Ports are not of the seed: two runs of one seed may go at once.
      random: new Random(process.pid),
      outboxBound: quick ? 600 : 5_000,
      diskMegabytes: quick ? 1024 : 4096,
      receiver,
      ...(options.programs && { programs: options.programs }),
      say,
      signal,
    });
    const load = await startLoad(rig.subject, {
      seed,
      itemsPerSecond: ITEMS_PER_SECOND,
      agents: AGENTS,
      poison: true,
      journalFile: join(folder.path, 'journal.ndjson'),
      signal,
    });
    const problems: string[] = [];
    const outcomes: FaultOutcome[] = [];
    const late: (readonly Fault[])[] = [];
    const settings: FaultSettings = {
      rig,
      load,
      random: random.fork(),
      quick,
      minutes: options.minutes,
      kills: options.kills,
      timed: options.timed ?? true,
      cache: faultsFolder,
      say,
      signal,
    };
    try {
      load.phase('start');
      say(`flows after ${(await untilFlowing(rig.subject, { timeoutSeconds: 60, signal })).toFixed(1)} s`);
      for (const group of options.schedule(random.fork())) {
        if (group.some(({ afterVerdict }) => afterVerdict)) late.push(group);
        else merge(outcomes, await injectGroup(group, settings));
      }
      load.phase('end');
    } finally {
      await load.stop();
    }
    const { seconds, waitingFor } = await Promise.race([
      drained(rig.subject, load.journal, { timeoutSeconds: DRAINED_WITHIN_S }),
      aborted(signal),
    ]);
    say(`all has come to rest after ${seconds.toFixed(1)} s`);
    if (waitingFor.length > 0) problems.push(`it does not come to rest: ${waitingFor.slice(0, 5).join('; ')}`);
    const verdict = await examine(rig.subject, load.journal, receiver);
    for (const group of late) merge(outcomes, await injectGroup(group, settings));
    const report: RunReport = { seed, outcomes, verdict, problems };
    const keep = options.keep || resultOf(report).verdict === 'bad';
    if (keep) {
      const evidence = join(folder.path, 'evidence');
      say(`the evidence is kept in ${folder.path}`);
      await writeFile(join(folder.path, 'report.json'), JSON.stringify(report, null, 2));
      await writeFile(join(folder.path, 'complaints.txt'), complaints(report).join('\n'));
      await keepEvidence(rig.subject, receiver, evidence).catch((error: Error) =>
        say(`but not all of it: ${error.message}`),
      );
    }
    failed = keep;
    return { report, evidence: keep ? folder.path : undefined };
  } finally {
    say('ends …');
    await rig?.stop();
    await receiver.stop();
    // What a failed run left is there to be looked at; a stopped one leaves nothing.
    await folder.clear(failed && !signal.aborted);
  }
}

async function injectGroup(group: readonly Fault[], settings: FaultSettings): Promise<FaultOutcome[]> {
  const { rig, load, say } = settings;
  const able: { fault: Fault; context: FaultContext }[] = [];
  const outcomes: FaultOutcome[] = [];
  for (const fault of group) {
    const notRun = await fault.unavailable?.(rig, settings.cache);
    if (notRun === undefined) able.push({ fault, context: new FaultContext(fault.name, settings) });
    else {
      say(`${fault.name}: not run: ${notRun}`);
      const { name } = fault;
      outcomes.push({ name, phase: name, injected: 0, recoveredSeconds: undefined, problems: [], facts: {}, notRun });
    }
  }
  if (able.length === 0) return outcomes;
  const phase = able.map(({ fault }) => fault.name).join('+');
  say(`── ${phase}`);
  // After the verdict the load has ended.
  const loaded = !group.some(({ afterVerdict }) => afterVerdict);
  if (loaded) load.phase(phase);
  const begun = Date.now();
  // All come to rest before anything is thrown: the others mend what they broke.
  const settled = await Promise.allSettled(able.map(({ fault, context }) => fault.inject(context)));
  for (const one of settled) if (one.status === 'rejected') throw one.reason;
  if (loaded) {
    await untilAccepted(settings);
    lookAtSenders(able, load.stats().refused);
  }
  lookAtEnds(able, rig, begun);
  return [
    ...outcomes,
    ...able.map(({ fault: { name }, context }) => ({
      name,
      phase,
      injected: context.injections,
      recoveredSeconds: context.recoveredSeconds,
      problems: context.problems,
      facts: context.facts,
    })),
  ];
}

/** A fault is over in a second where all goes well; beside it something is to have been accepted, or it shows nothing. */
async function untilAccepted({ load, signal }: FaultSettings): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (load.stats().accepted === 0 && Date.now() < deadline) await sleep(50, undefined, { signal });
}

type Running = readonly { fault: Fault; context: FaultContext }[];

/** 503 while Postgres is away, or Kafka at the bound; nothing else of 5xx ever. On a machine so busy that no times are judged, Postgres may be too slow to count as there. */
function lookAtSenders(running: Running, refused: Readonly<Record<string, number>>): void {
  const mayRefuse = running.some(({ fault }) => fault.mayRefuse);
  for (const [told, times] of Object.entries(refused)) {
    if (!/^5\d\d$/.test(told) || (told === '503' && mayRefuse)) continue;
    const { context } = running[0]!;
    const what = `senders were answered ${told}, ${times} times`;
    if (told === '503') context.late(what);
    else context.problem(what);
  }
}

/** A process that ended without being told to. */
function lookAtEnds(running: Running, rig: Rig, since: number): void {
  const { fault, context } = running.find((one) => one.fault.mayEnd) ?? running[0]!;
  for (const replica of rig.replicas) {
    for (const { ended, how, asked } of replica.lives) {
      if (asked || ended === undefined || ended < since) continue;
      context.count('ended by themselves');
      if (!fault.mayEnd || how === 0) context.problem(`${replica.name} ended by itself, with ${how}`);
    }
  }
}

/** A fault that comes again is told of in one line. */
function merge(outcomes: FaultOutcome[], more: readonly FaultOutcome[]): void {
  for (const one of more) {
    const index = outcomes.findIndex(({ name }) => name === one.name);
    const before = outcomes[index];
    if (!before) {
      outcomes.push(one);
      continue;
    }
    const facts = { ...before.facts };
    for (const [what, value] of Object.entries(one.facts)) facts[what] = Math.max(facts[what] ?? 0, value);
    outcomes[index] = {
      ...before,
      injected: before.injected + one.injected,
      recoveredSeconds: longest(before.recoveredSeconds, one.recoveredSeconds),
      problems: [...before.problems, ...one.problems],
      facts,
    };
  }
}

const longest = (one: number | undefined, other: number | undefined) =>
  one === undefined ? other : other === undefined ? one : Math.max(one, other);

const aborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
