import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { promisify } from 'node:util';

const LOOPBACK = '127.0.0.1';

/** Linux, macOS and Windows all give a program that names no port, or connects, one from 32768 up. */
const CHOSEN_BY_NOBODY = { from: 20_000, to: 32_767 };

/**
 * Ports of loopback that nobody listens on, all different, out of `from … to`. Someone else may take one before it
 * is used: only who asks for it by its number, as long as the system's own choice begins above `to`.
 * @throws where fewer are free.
 */
export async function freePorts(count: number, { from, to } = CHOSEN_BY_NOBODY): Promise<number[]> {
  const wide = to - from + 1;
  const first = randomInt(wide);
  const held: Server[] = [];
  try {
    for (let next = 0; held.length < count; next += 1) {
      if (next === wide) throw new Error(`Of the ports ${from} to ${to} only ${held.length} are free, not ${count}`);
      const server = await listening(createServer(), from + ((first + next) % wide)).catch(ifTaken);
      if (server) held.push(server);
    }
    return held.map((server) => (server.address() as AddressInfo).port);
  } finally {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

/** Windows keeps whole ranges back, and says EACCES. */
function ifTaken(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') throw error;
}

/** Whether something accepts connections on that port of loopback. */
export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: LOOPBACK, port });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1000, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

/** @throws PortTaken where it cannot be listened on, be it on loopback or on every address. */
export async function assertFree(port: number, what: string, variable?: string): Promise<void> {
  const server = await listening(createServer(), port).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE') throw new PortTaken(what, port, await holderOf(port), variable);
    throw error;
  });
  await new Promise((resolve) => server.close(resolve));
}

/** Listens on loopback, or says who has the port. */
export async function listenOrExplain(server: Server, port: number, variable?: string): Promise<void> {
  await listening(server, port).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE') throw new PortTaken('the local issuer', port, await holderOf(port), variable);
    throw error;
  });
}

export class PortTaken extends Error {
  override readonly name = 'PortTaken';

  constructor(
    what: string,
    readonly port: number,
    readonly holder: string | undefined,
    variable?: string,
  ) {
    super(
      `Port ${port} is wanted for ${what}, but ${holder ?? 'another process'} listens on it.` +
        (variable === undefined ? '' : ` End that process, or choose another port: ${variable}=${port + 1000}`),
    );
  }
}

/** Who listens on a port: "process 123 (java -cp …)"; undefined where the system does not say. */
export async function holderOf(port: number): Promise<string | undefined> {
  const pid = process.platform === 'linux' ? await pidByProc(port) : await pidByLsof(port);
  if (pid === undefined) return undefined;
  const command = await commandOf(pid);
  return `process ${pid}${command === undefined ? '' : ` (${shortened(command)})`}`;
}

/** A process's command line, its words parted by blanks; undefined when it is gone or not to be seen. */
export async function commandOf(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return words.replaceAll(/\s|\0/g, ' ').trim() || undefined;
  }
  const { stdout } = await promisify(execFile)('ps', ['-o', 'args=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
  return stdout.trim() || undefined;
}

const shortened = (command: string) =>
  command.length <= 100 ? command : `${command.slice(0, 60)} … ${command.slice(-35)}`;

/** The listening socket's inode from /proc/net/tcp{,6}, then the process that has it open. */
async function pidByProc(port: number): Promise<number | undefined> {
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')),
  );
  const inodes = tables.flatMap((table) => listeningInodes(table, port));
  if (inodes.length === 0) return undefined;
  const wanted = new Set(inodes.map((inode) => `socket:[${inode}]`));
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      if (wanted.has(await readlink(`/proc/${pid}/fd/${fd}`).catch(() => ''))) return Number(pid);
    }
  }
  return undefined;
}

/** Inodes of the sockets that listen on `port`, from the text of /proc/net/tcp. */
export function listeningInodes(table: string, port: number): string[] {
  const LISTEN = '0A';
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[3] === LISTEN && columns[1]?.endsWith(`:${hex}`))
    .flatMap((columns) => columns[9] ?? []);
}

async function pidByLsof(port: number): Promise<number | undefined> {
  const { stdout } = await promisify(execFile)('lsof', ['-nP', '-t', `-iTCP:${port}`, '-sTCP:LISTEN']).catch(() => ({
    stdout: '',
  }));
  return Number.parseInt(stdout, 10) || undefined;
}

function listening<T extends Server>(server: T, port: number): Promise<T> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: LOOPBACK, port }, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}
