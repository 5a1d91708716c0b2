import { join } from 'node:path';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { feedbackReceived, feedbackRouted, feedbackTagged } from '@closeloop/contracts';
import { freePorts } from '@closeloop/embedded';
import { startProgram } from '../rig/program.js';
import { pidsOf, startAll, stopAll, type Place, type Running } from './subject.js';

interface BaselineProgram {
  readonly name: string;
  readonly command: string;
  readonly words: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A baseline's program in TypeScript, that of `baselines/<baseline>/<name>.main.ts`. */
export const nodeProgram = (baseline: string, name: string, env?: BaselineProgram['env']): BaselineProgram => ({
  name,
  command: process.execPath,
  words: [fileURLToPath(new URL(`../baselines/${baseline}/${name}.main.js`, import.meta.url))],
  ...(env && { env }),
});

/** The three topics of the journey, without those that only the services have. */
export const makeJourneyTopics = ({ stores, topicPrefix }: Place): Promise<void> =>
  stores.createTopics([feedbackReceived, feedbackTagged, feedbackRouted].map(({ topic }) => topicPrefix + topic));

/** Starts programs to the protocol of baselines (README), each as a process of its own. */
export async function startBaseline(
  place: Place,
  programs: readonly BaselineProgram[],
  kept: Pick<Running, 'loopDatabase' | 'derivedIds'>,
): Promise<Running> {
  const { stores, topicPrefix, folder } = place;
  const [port] = await freePorts(1);
  const started = await startAll(
    programs.map(async ({ name, command, words, env }) => {
      const stateDir = join(folder, `${name}-state`);
      await mkdir(stateDir, { recursive: true });
      return startProgram({
        ...{ name, command, words },
        env: {
          ...process.env,
          KAFKA_BROKERS: stores.brokers,
          TOPIC_PREFIX: topicPrefix,
          GROUP_ID: `${topicPrefix}${name}`,
          PORT: String(port),
          STATE_DIR: stateDir,
          ...env,
        },
        logFile: join(folder, `${name}.log`),
      });
    }),
  );
  return {
    pids: pidsOf(started),
    url: `http://127.0.0.1:${port}`,
    headers: {},
    ...kept,
    assertRuns: () => started.forEach((program) => program.assertRuns()),
    signal: (signal) => started.forEach((program) => program.signal(signal)),
    stop: () => stopAll(started),
  };
}
