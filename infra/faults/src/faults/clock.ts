import { execFile } from 'node:child_process';
import { access, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Replica } from '../rig/replica.js';
import { limits, type Fault, type FaultContext } from './fault.js';

const run = promisify(execFile);

/** Of Debian's package, installed or unpacked beside our data. @throws why there is none */
async function libfaketime(cache: string): Promise<string> {
  const folder = join(cache, 'libfaketime');
  const found = (await find('/usr/lib')) ?? (await find(join(folder, 'usr', 'lib')));
  if (found !== undefined) return found;
  await mkdir(folder, { recursive: true });
  await run('apt-get', ['download', 'libfaketime'], { cwd: folder });
  const archive = (await readdir(folder)).find((name) => name.endsWith('.deb'));
  if (archive === undefined) throw new Error('apt-get download brought no package');
  await run('dpkg', ['-x', join(folder, archive), folder]);
  const unpacked = await find(join(folder, 'usr', 'lib'));
  if (unpacked === undefined) throw new Error('the package holds no libfaketimeMT.so.1');
  return unpacked;
}

async function find(lib: string): Promise<string | undefined> {
  for (const architecture of await readdir(lib).catch(() => [])) {
    const file = join(lib, architecture, 'faketime', 'libfaketimeMT.so.1');
    const isThere = await access(file).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
  }
  return undefined;
}

/** One replica of each service after the other; in a quick run one of each alone, and the other keeps its time. */
async function restartWith(context: FaultContext, variables: (replica: Replica) => Record<string, string>) {
  for (const number of context.quick ? [1] : [1, 2]) {
    await Promise.all(
      context.rig.replicas
        .filter(({ options }) => options.number === number)
        .map(async (replica) => {
          await replica.stop();
          replica.start(variables(replica));
          await replica.untilReady(60, context.signal);
        }),
    );
  }
}

/** Neighbours in the pipeline go apart, and so do the two of one service. */
const isAhead = ({ service, options }: Replica): boolean =>
  (options.number === 1) === ['ingestion', 'learning', 'routing'].includes(service);

export const clock: Fault = {
  name: 'clock',
  what: 'clocks of services an hour ahead and an hour behind, of neighbours and of the two of one service (libfaketime)',
  unavailable: (_, cache) =>
    libfaketime(cache).then(
      () => undefined,
      (error: Error) => `libfaketime is not there and cannot be fetched: ${error.message.split('\n')[0]}`,
    ),
  async inject(context) {
    const preload = await libfaketime(context.cache);
    await restartWith(context, (replica) => ({
      LD_PRELOAD: preload,
      FAKETIME: isAhead(replica) ? '+1h' : '-1h',
      // Timers run on the monotonic clock, which no administrator sets.
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      FAKETIME_NO_CACHE: '1',
    }));
    context.injected(context.quick ? context.rig.replicas.length / 2 : context.rig.replicas.length);
    await context.recovers(limits.killed, 'the clocks were put wrong');
    await context.pause(context.quick ? 1 : 60);
    await restartWith(context, () => ({}));
    await context.recovers(limits.killed, 'the clocks were put right');
  },
};
