import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { mainOf, prepareStores } from '@closeloop/cli';
import { freePorts, type RunningKafka, startKafka } from '@closeloop/embedded';
import { createTopics } from '@closeloop/messaging';
import { eventually, testEnvironment, type TestEnvironment } from '@closeloop/testing';
import { TcpProxy } from './tcp-proxy.js';

jest.setTimeout(120_000);

const unreadyWithinMs = 10_000;
/** An error that nobody catches, at SIGUSR2: the harness's, not the service's. */
const crashable = `data:text/javascript,process.on('SIGUSR2',()=>setImmediate(()=>{throw new Error('nobody caught it')}))`;

/** What systemd, Docker or Kubernetes do: starts a program again whenever it ends otherwise than with 0. */
class Supervisor {
  readonly exits: (number | null)[] = [];
  child!: ChildProcess;
  /** The end of what it logged */
  said = '';
  #stopped = false;

  constructor(
    private readonly program: string,
    private readonly env: Record<string, string>,
  ) {
    this.#start();
  }

  #start(): void {
    const { PATH, HOME } = process.env;
    this.child = spawn(process.execPath, ['--import', crashable, this.program], {
      env: { PATH, HOME, ...this.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (bytes) => (this.said = `${this.said}${bytes}`.slice(-8_000)));
    }
    this.child.once('exit', (code) => {
      this.exits.push(code);
      if (!this.#stopped && code !== 0) this.#start();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.child.exitCode !== null) return;
    this.child.kill('SIGTERM');
    await once(this.child, 'exit');
  }
}

// The compiled service as a process; `npm test` builds it.
describe('a service under a supervisor', () => {
  let environment: TestEnvironment;
  let folder: string;
  let kafka: RunningKafka;
  let proxy: TcpProxy;
  let supervisor: Supervisor;
  let url: string;

  const status = () =>
    fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) }).then(
      async (response) => (await response.body?.cancel(), response.status),
      () => 0,
    );
  const untilReady = () =>
    eventually(async () => expect(await status()).toBe(200), { timeoutMs: 45_000, intervalMs: 100 }).catch(
      (error: Error) => {
        throw new Error(`${error.message}\n${supervisor.said}`, { cause: error });
      },
    );

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'closeloop-supervised-'));
    const [port, listener, proxied, http] = (await freePorts(4)) as [number, number, number, number];
    kafka = await startKafka({
      dataDir: folder,
      port,
      listeners: [{ name: 'PROXIED', port: listener, advertisedPort: proxied }],
    });
    await createTopics({ KAFKA_BROKERS: kafka.brokers }, { partitions: 2 });
    proxy = await TcpProxy.start(proxied, 'kafka', listener);
    // where the active model stands
    environment = await testEnvironment();
    await prepareStores({ PATH: process.env['PATH'], ...environment.env }, () => undefined);
    url = `http://127.0.0.1:${http}`;
    const { DATABASE_URL, DATABASE_PREFIX } = environment.env as Record<'DATABASE_URL' | 'DATABASE_PREFIX', string>;
    supervisor = new Supervisor(mainOf('sentiment'), {
      ...{ DATABASE_URL, DATABASE_PREFIX },
      KAFKA_BROKERS: `127.0.0.1:${proxied}`,
      SENTIMENT_PORT: String(http),
    });
    await untilReady();
  }, 120_000);
  afterAll(async () => {
    await supervisor.stop();
    await proxy.close();
    await kafka.stop();
    await environment.close();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  it.each(['black-hole', 'refuse'] as const)(
    'that cannot consume (%s) is unready within ten seconds, or has ended otherwise than with 0; and is ready when it can',
    async (mode) => {
      await untilReady();
      const exits = supervisor.exits.length;
      const begun = performance.now();
      proxy.set(mode);
      await eventually(
        async () => {
          const ended = supervisor.exits.slice(exits);
          expect(ended).not.toContain(0);
          if (ended.length === 0) expect(await status()).toBe(503);
        },
        { timeoutMs: unreadyWithinMs - (performance.now() - begun), intervalMs: 100 },
      );
      await pause(1_000);
      expect(await status()).not.toBe(200);
      proxy.set('pass');
      await untilReady();
    },
  );

  it('that an error ends which nobody caught says so by its exit code, and is started again', async () => {
    await untilReady();
    const { pid } = supervisor.child;
    const exits = supervisor.exits.length;
    supervisor.child.kill('SIGUSR2');
    await eventually(() => expect(supervisor.exits.slice(exits)).toEqual([1]));
    await untilReady();
    expect(supervisor.child.pid).not.toBe(pid);
  });
});
