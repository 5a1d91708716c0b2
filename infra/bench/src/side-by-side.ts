import { type Message } from 'kafkajs';
import { type Sample } from './report/figures.js';
import { startStores } from './rig/stores.js';
import { rotated } from './statistics.js';
import { bare } from './subjects/bare.js';
import { atLeastOnce, exactlyOnce } from './subjects/kafka-streams.js';
import { ours } from './subjects/ours.js';
import { stockNest } from './subjects/stock-nest.js';
import { placesIn, type Subject, type SubjectName } from './subjects/subject.js';
import { journey } from './works/journey.session.js';
import { oneLife } from './works/life.js';
import { hops, ingestion, loopWrites } from './works/parts.session.js';
import { routedBy } from './works/routed.js';
import { type RunOptions, type WorkName } from './works/work.js';

export interface SideBySideOptions extends RunOptions {
  readonly works: ReadonlySet<WorkName>;
  readonly subjects: ReadonlySet<SubjectName>;
}

const subjects: readonly Subject[] = [ours, bare, stockNest, exactlyOnce, atLeastOnce];

/**
 * All rounds, in each round every work by every subject, one after the other, each round beginning with another one.
 * @returns what was measured, and what failed: a round that fails takes nothing from the others
 */
export async function measureSideBySide(
  options: SideBySideOptions,
): Promise<{ readonly samples: readonly Sample[]; readonly failures: readonly string[] }> {
  const { works, rounds, texts, folder, say, signal } = options;
  const stores = await startStores(folder, say);
  const samples: Sample[] = [];
  const failures: string[] = [];
  const newPlace = placesIn(folder, stores, say);
  let routed: Promise<Message[]> | undefined;
  const sessions = [
    ...[journey, hops, ingestion],
    loopWrites(async (count) => {
      routed ??= newPlace('routed').then((place) => routedBy(place, texts, count));
      // the next round may have more luck
      routed.catch(() => (routed = undefined));
      return routed;
    }),
  ].filter((session) => session.works.some((work) => works.has(work)));
  try {
    const taking = await present(options);
    for (let round = 0; round < rounds; round++) {
      for (const session of sessions) {
        for (const subject of rotated(
          taking.filter(({ name }) => session.subjects.includes(name)),
          round,
        )) {
          signal.throwIfAborted();
          const what = `round ${round + 1} of ${rounds}`;
          try {
            const measured = await oneLife(session, subject, await newPlace(subject.name), options);
            for (const [name, one] of Object.entries(measured)) {
              const work = name as WorkName;
              if (!works.has(work)) continue;
              samples.push({ work, subject: subject.name, round, measured: one });
              say(`${what}, ${work}, ${subject.name}: ${lineOf(one)}`);
            }
          } catch (error) {
            const failure = `${what}, ${session.works.join(', ')}, ${subject.name}: ${(error as Error).message}`;
            failures.push(failure);
            say(failure);
          }
        }
      }
    }
    signal.throwIfAborted();
    return { samples, failures };
  } finally {
    await stores.stop();
  }
}

async function present({ subjects: wanted, say }: SideBySideOptions): Promise<Subject[]> {
  const taking: Subject[] = [];
  for (const subject of subjects.filter(({ name }) => wanted.has(name))) {
    const missing = await subject.missing?.();
    if (missing === undefined) taking.push(subject);
    else say(`${subject.name} is left out: ${missing}`);
  }
  return taking;
}

type One = Sample['measured'];

/** For people, while it goes on */
function lineOf({ events, seconds, cpuSeconds, p50Ms, p99Ms }: One): string {
  const cpu = Object.entries(cpuSeconds)
    .map(([name, one]) => `${name} ${((one / events) * 1e6).toFixed(0)}`)
    .join(', ');
  const latency = p50Ms === undefined ? '' : `; p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms!.toFixed(1)} ms`;
  return `${Math.round(events / seconds)} events/s${latency}; CPU s a million: ${cpu}`;
}
