import { spawn, type ChildProcess } from 'node:child_process';
import { open } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { type ServiceName } from '@closeloop/contracts';
import { memoryOptions, nodeFlags, workspaceRoot } from '@closeloop/cli';
import { type TcpProxy } from './tcp-proxy.js';

export interface ReplicaOptions {
  readonly service: ServiceName;
  /** 1, 2, … among those of its service */
  readonly number: number;
  readonly port: number;
  readonly program: string;
  /** Found on its command line by whoever looks for what a run left */
  readonly mark: string;
  readonly logFile: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly kafka: TcpProxy;
  readonly postgres: TcpProxy;
}

/** One life of a process: milliseconds since 1970 */
export interface Life {
  readonly pid: number;
  readonly begun: number;
  ended?: number;
  /** Exit code, or the signal */
  how?: number | NodeJS.Signals;
  /** The harness brought it about */
  asked: boolean;
}

const RESTART_AFTER_MS = 100;

/** A service's process, which is started again when it ends, as Docker or Kubernetes does it. */
export class Replica {
  readonly lives: Life[] = [];
  #child: ChildProcess | undefined;
  #wanted = false;
  #ended: Promise<void> = Promise.resolve();
  #further: Readonly<Record<string, string>> = {};

  constructor(readonly options: ReplicaOptions) {}

  get name(): string {
    return `${this.options.service}-${this.options.number}`;
  }

  get service(): ServiceName {
    return this.options.service;
  }

  /** Without a slash at the end */
  get url(): string {
    return `http://127.0.0.1:${this.options.port}`;
  }

  get kafka(): TcpProxy {
    return this.options.kafka;
  }

  get postgres(): TcpProxy {
    return this.options.postgres;
  }

  get wanted(): boolean {
    return this.#wanted;
  }

  /** Of the process that runs; undefined between two */
  get pid(): number | undefined {
    const child = this.#child;
    return child && child.exitCode === null && child.signalCode === null ? child.pid : undefined;
  }

  /** Starts it, and again whenever it ends, until stop() or end(). `further`: variables for this and the following lives. */
  start(further: Readonly<Record<string, string>> = {}): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#further = further;
    this.#ended = this.#supervise();
  }

  /** False where nothing runs at the moment */
  kill(signal: NodeJS.Signals = 'SIGKILL'): boolean {
    const life = this.lives.at(-1);
    if (this.pid === undefined || !life) return false;
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') life.asked = true;
    return this.#child!.kill(signal);
  }

  /** SIGTERM, and no other is started: seconds until its end, and how it ended. Killed where that takes longer than `patience`. */
  async stop(patience = 25): Promise<{ seconds: number; how: number | NodeJS.Signals | undefined }> {
    const begun = performance.now();
    this.#wanted = false;
    this.kill('SIGTERM');
    const late = setTimeout(() => this.kill('SIGKILL'), patience * 1000);
    await this.#ended;
    clearTimeout(late);
    return { seconds: (performance.now() - begun) / 1000, how: this.lives.at(-1)?.how };
  }

  /** At once, and no other is started. */
  async end(): Promise<void> {
    this.#wanted = false;
    this.kill('SIGKILL');
    await this.#ended;
  }

  /** @throws with what it says of itself, when it is not ready in time */
  async untilReady(seconds: number, signal?: AbortSignal): Promise<void> {
    const deadline = performance.now() + seconds * 1000;
    let said = 'it does not answer';
    while (performance.now() < deadline) {
      signal?.throwIfAborted();
      const { ready, reasons } = await readinessOf(this.url);
      if (ready) return;
      said = reasons;
      await pause(150, undefined, { signal });
    }
    throw new Error(`${this.name} is not ready after ${seconds} s: ${said}. Its log: ${this.options.logFile}`);
  }

  async #supervise(): Promise<void> {
    while (this.#wanted) {
      const { options } = this;
      const log = await open(options.logFile, 'a');
      await log.write(`--- started at ${new Date().toISOString()}\n`);
      const words = [...nodeFlags(options.service), options.program, options.mark, `--replica=${this.name}`];
      const child = spawn(process.execPath, words, {
        cwd: workspaceRoot,
        env: {
          ...memoryOptions(options.service),
          ...options.env,
          ...this.#further,
          [`${options.service.toUpperCase()}_PORT`]: String(options.port),
        },
        // Ctrl-C in a terminal reaches the whole process group; services are told by us.
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
      });
      this.#child = child;
      const how = new Promise<number | NodeJS.Signals>((resolve, reject) => {
        child.once('error', reject);
        child.once('exit', (code, signal) => resolve(signal ?? code ?? 0));
      });
      const life: Life = { pid: child.pid ?? 0, begun: Date.now(), asked: false };
      this.lives.push(life);
      // It may have been told to stop while it was being started.
      if (!this.#wanted) this.kill('SIGTERM');
      life.how = await how;
      life.ended = Date.now();
      await log.close();
      if (this.#wanted) await pause(RESTART_AFTER_MS);
    }
  }
}

/** What `/health/ready` says; not to be reached is not ready. */
export async function readinessOf(url: string): Promise<{ ready: boolean; reasons: string }> {
  try {
    const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2000) });
    const text = await response.text();
    return { ready: response.status === 200, reasons: response.status === 200 ? '' : text.slice(0, 300) };
  } catch {
    return { ready: false, reasons: 'it does not answer' };
  }
}
