import { spawn } from 'node:child_process';
import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { findProcess, isAlive, lastLines, stopProcess } from '@closeloop/embedded';
import { followLines, readLogLine } from './log-tail.js';
import { memoryOptions, nodeFlags } from './memory-options.js';
import { yieldToJourney } from './priority.js';
import type { Env } from './program.js';
import { mainOf, workspaceRoot, type ProgramName } from './workspace.js';

export interface ServiceProcess {
  readonly service: ProgramName;
  readonly pid: number;
  readonly url: string;
  readonly logFile: string;
  /** Resolves, with what is to be said of it, when the process ends without being asked to. */
  readonly died: Promise<string>;
  /** @throws with the reasons it gives, when it is not ready in time */
  untilReady(seconds: number): Promise<void>;
  /** SIGTERM, and its end. */
  stop(): Promise<void>;
  kill(): void;
}

export interface ServiceProcessOptions {
  readonly service: ProgramName;
  readonly port: number;
  readonly env: Env;
  readonly dataDir: string;
  readonly verbose: boolean;
  readonly say: (line: string) => void;
}

/** The platform gives what is in flight 20 s by default. */
const STOPPED_WITHIN_S = 30;
const WORTH_SAYING = new Set(['warn', 'error', 'fatal']);

/** Not read by the services: it is how they are found again by the data they work on. */
const dataWord = (dataDir: string) => `--data-dir=${dataDir}`;

/** Stops services that a killed start left behind: the new ones need their ports. */
export async function stopLeftServices(
  names: readonly ProgramName[],
  dataDir: string,
  say: (line: string) => void,
): Promise<void> {
  await Promise.all(
    names.map(async (service) => {
      const pid = await findProcess(mainOf(service), dataWord(dataDir));
      if (pid === undefined) return;
      say(`${service} was left running (process ${pid}); it is stopped.`);
      // Not as patient as with those of our own: what they would wait for may have been killed too, and nothing is lost.
      await stopProcess(pid, service, [
        { signal: 'SIGTERM', seconds: 8 },
        { signal: 'SIGKILL', seconds: 10 },
      ]);
    }),
  );
}

/** Starts a service as a process of its own; its log goes to `<dataDir>/logs/<service>.log`, warnings and errors are said too. */
export async function startService(options: ServiceProcessOptions): Promise<ServiceProcess> {
  const { service, port, env, dataDir, verbose, say } = options;
  const logs = join(dataDir, 'logs');
  await mkdir(logs, { recursive: true });
  const logFile = join(logs, `${service}.log`);
  await rename(logFile, join(logs, `${service}.previous.log`)).catch(() => undefined);
  const log = await open(logFile, 'a');

  const child = spawn(process.execPath, [...nodeFlags(service), mainOf(service), dataWord(dataDir)], {
    cwd: workspaceRoot,
    env: { ...memoryOptions(service), ...env, [`${service.toUpperCase()}_PORT`]: String(port) },
    // Ctrl-C in a terminal reaches the whole process group; services are told once, by stop().
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  await log.close();
  const pid = child.pid!;
  yieldToJourney(service, pid);
  const tail = followLines(logFile, (line) => {
    const { level, text } = readLogLine(line);
    if (verbose || WORTH_SAYING.has(level)) say(`[${service}] ${level} ${text}`);
  });

  let asked = false;
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ? `by ${signal}` : `with exit code ${code}`));
  });
  const died = new Promise<string>((resolve) => {
    void ended.then(async (how) => {
      await tail.stop();
      if (!asked)
        resolve(`${service} (process ${pid}) ended ${how}. The end of ${logFile}:\n${await lastLines(logFile, 12)}`);
    });
  });
  const url = `http://127.0.0.1:${port}`;
  return {
    service,
    pid,
    url,
    logFile,
    died,
    untilReady: (seconds) => untilReady(service, url, pid, seconds),
    async stop() {
      asked = true;
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        const late = setTimeout(() => child.kill('SIGKILL'), STOPPED_WITHIN_S * 1000);
        await ended;
        clearTimeout(late);
      }
      await tail.stop();
    },
    kill() {
      asked = true;
      child.kill('SIGKILL');
    },
  };
}

async function untilReady(service: string, url: string, pid: number, seconds: number): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  let answer = 'it does not answer';
  while (Date.now() < deadline) {
    // Its end is told by `died`, with its log.
    if (!(await isAlive(pid))) return new Promise(() => undefined);
    const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
    if (response?.status === 200) {
      await response.body?.cancel();
      return;
    }
    if (response) answer = `${response.status} ${(await response.text()).slice(0, 500)}`;
    await pause(60);
  }
  throw new Error(`${service} is not ready after ${seconds} s (${url}/health/ready): ${answer}`);
}
