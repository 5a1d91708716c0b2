import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, createServer, get } from 'node:http';
import { type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

const fixture = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

// A process loads Nest and TypeORM anew: two seconds of CPU, more on a busy machine.
jest.setTimeout(60_000);

/** One that keeps its connection and asks again and again, until nobody listens any more. */
async function faithfulClient(url: string, answered: () => void): Promise<{ end: string; toldToClose: boolean }> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let toldToClose = false;
  try {
    for (;;) {
      toldToClose = await new Promise<boolean>((resolve, reject) => {
        get(url, { agent }, (answer) => {
          answer.resume().on('error', reject);
          answer.on('end', () => resolve(answer.headers.connection === 'close'));
        }).on('error', reject);
      });
      answered();
      await wait(Math.random() * 20);
    }
  } catch (error) {
    return { end: (error as NodeJS.ErrnoException).code ?? 'unknown', toldToClose };
  } finally {
    agent.destroy();
  }
}

/** A service as a process of its own. */
class Process {
  output = '';
  readonly #child: ChildProcess;
  readonly ended: Promise<{ code: number | null; afterMs: number }>;

  constructor(env: Record<string, string>) {
    const { PATH, HOME, NODE_V8_COVERAGE } = process.env;
    this.#child = spawn(
      process.execPath,
      ['--import', fixture('./typescript.fixture.mjs'), fixture('./process.fixture.ts')],
      {
        env: { PATH, HOME, NODE_V8_COVERAGE, FIXTURE_PORT: '0', ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    this.#child.stdout?.on('data', (chunk) => (this.output += String(chunk)));
    this.#child.stderr?.on('data', (chunk) => (this.output += String(chunk)));
    const began = Date.now();
    this.ended = once(this.#child, 'exit').then(([code]) => ({
      code: code as number | null,
      afterMs: Date.now() - began,
    }));
  }

  get notes(): string[] {
    return [...this.output.matchAll(/^NOTE (.*)$/gm)].map(([, note]) => note ?? '');
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async says(pattern: RegExp): Promise<string> {
    const deadline = Date.now() + 45_000;
    for (;;) {
      const match = pattern.exec(this.output);
      if (match) return match[1] ?? match[0];
      if (Date.now() > deadline || this.#child.exitCode !== null)
        throw new Error(`not said: ${pattern}\n${this.output}`);
      await wait(20);
    }
  }

  url(): Promise<string> {
    return this.says(/fixture listens on (http:[\w.:/]+)/);
  }
}

describe('a service as a process', () => {
  const processes: Process[] = [];
  const run = (env: Record<string, string> = {}) => {
    const started = new Process(env);
    processes.push(started);
    return started;
  };
  afterEach(() => processes.splice(0).forEach((process) => process.signal('SIGKILL')));

  it('stops in order, finishing what is in flight, with exit code 0; two signals of one moment are one wish', async () => {
    const service = run();
    const url = await service.url();
    const asked = fetch(`${url}/slow/1500`);
    await service.says(/NOTE request begins/);
    service.signal('SIGINT');
    await wait(50);
    service.signal('SIGTERM');
    await wait(150);
    await expect(fetch(`${url}/health/live`)).rejects.toThrow();
    const answer = await asked;
    expect(answer.status).toBe(200);
    expect(answer.headers.get('connection')).toBe('close');
    expect(await service.ended).toMatchObject({ code: 0 });
    expect(service.notes).toEqual([
      'process runs',
      'transport listens',
      'event for world',
      'request begins',
      'request ends',
      'transport closes',
      'modules are destroyed',
      'pools are closed',
    ]);
  });

  it('cuts off nobody who sends on an open connection while it stops, and waits two seconds for those who do not', async () => {
    const service = run();
    const url = await service.url();
    const idle = new Agent({ keepAlive: true });
    await new Promise((resolve) =>
      get(`${url}/health/live`, { agent: idle }, (answer) => answer.resume().on('end', resolve)),
    );
    let answers = 0;
    const clients = Array.from({ length: 40 }, () => faithfulClient(`${url}/health/live`, () => (answers += 1)));
    while (answers < 2_000) await wait(20);
    const began = Date.now();
    service.signal('SIGTERM');
    const ends = await Promise.all(clients);
    expect(ends).toEqual(ends.map(() => ({ end: 'ECONNREFUSED', toldToClose: true })));
    expect(await service.ended).toMatchObject({ code: 0 });
    expect(Date.now() - began).toBeGreaterThan(1_500);
    expect(Date.now() - began).toBeLessThan(5_000);
    idle.destroy();
  });

  it('stops at once at a second signal, with exit code 1', async () => {
    const service = run();
    const asked = fetch(`${await service.url()}/slow/30000`).catch(() => undefined);
    await service.says(/NOTE request begins/);
    service.signal('SIGTERM');
    await wait(1_200);
    service.signal('SIGTERM');
    expect(await service.ended).toMatchObject({ code: 1 });
    await asked;
  });

  it('cuts a request that does not end, in time for the rest to stop in order', async () => {
    const service = run({ SHUTDOWN_GRACE_SECONDS: '2' });
    const asked = fetch(`${await service.url()}/slow/30000`).catch(() => 'cut');
    await service.says(/NOTE request begins/);
    service.signal('SIGTERM');
    expect(await asked).toBe('cut');
    expect(await service.ended).toMatchObject({ code: 0 });
    expect(service.notes.slice(-3)).toEqual(['transport closes', 'modules are destroyed', 'pools are closed']);
  });

  it('does not outlive its grace period, and tells by exit code 1', async () => {
    const service = run({ SHUTDOWN_GRACE_SECONDS: '1', TRANSPORT_HANGS: 'yes' });
    await service.url();
    service.signal('SIGTERM');
    const began = Date.now();
    expect(await service.ended).toMatchObject({ code: 1 });
    expect(Date.now() - began).toBeLessThan(4_000);
    expect(service.output).toContain('Not finished after 1 s');
  });

  it('stops at once while it is still starting, with exit code 0', async () => {
    const service = run({ START_HANGS: 'yes' });
    await service.says(/NOTE process runs/);
    await wait(500);
    service.signal('SIGTERM');
    expect(await service.ended).toMatchObject({ code: 0 });
  });

  it.each(['promise', 'throw'])('logs what nobody caught (%s) and exits with 1', async (how) => {
    const service = run();
    await fetch(`${await service.url()}/crash?how=${how}`).catch(() => undefined);
    expect(await service.ended).toMatchObject({ code: 1 });
    expect(service.output).toMatch(/"level":"fatal".*nobody (awaited|caught)/);
  });

  it('does not start with a wrong configuration, and lists all that is wrong', async () => {
    const service = run({ FIXTURE_SIZE: 'huge', FIXTURE_NAME_FILE: '/nowhere' });
    expect(await service.ended).toMatchObject({ code: 1 });
    expect(service.output).toContain('FIXTURE_SIZE: must be an integer number (isInt)');
    expect(service.output).toContain('FIXTURE_NAME_FILE: cannot be read, ENOENT');
    expect(service.output).not.toContain('huge');
  });

  it('does not start on a port that is taken, and says so', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    try {
      const service = run({ FIXTURE_PORT: String(port) });
      expect(await service.ended).toMatchObject({ code: 1 });
      expect(service.output).toContain(`EADDRINUSE: address already in use 127.0.0.1:${port}`);
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  });
});
