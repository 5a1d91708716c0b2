import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A browser as far as it matters: keeps cookies of one host, follows nothing by itself. */
export class Browser {
  readonly #cookies = new Map<string, string>();

  constructor(private readonly origin: string) {}

  get cookies(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  set cookies(header: string) {
    this.#cookies.clear();
    for (const pair of header.split('; ')) {
      const at = pair.indexOf('=');
      this.#cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
  }

  async ask(path: string, { headers, ...rest }: RequestInit & { headers?: Record<string, string> } = {}) {
    const response = await fetch(new URL(path, this.origin), {
      ...rest,
      redirect: 'manual',
      headers: { ...headers, ...(this.#cookies.size > 0 && { cookie: this.cookies }) },
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';', 1);
      const at = pair.indexOf('=');
      if (/max-age=0\b/i.test(line)) this.#cookies.delete(pair.slice(0, at));
      else this.#cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return response;
  }
}

export interface Heard {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A service behind the console, as far as the console is concerned: says what it has heard. */
export async function startBackend(): Promise<{
  url: string;
  heard: Heard[];
  /** When who listened to its events has gone */
  left: Promise<void>;
  server: Server;
}> {
  const heard: Heard[] = [];
  let leave!: () => void;
  const left = new Promise<void>((resolve) => (leave = resolve));
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => (body += part));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      heard.push({ method, url, headers, body });
      if (url.startsWith('/v1/changes')) {
        // stays open: what was written must have arrived by then
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('event: loop\ndata: {}\n\n');
        response.once('close', leave);
        return;
      }
      if (url.startsWith('/v1/sla-settings')) return;
      const status = url.startsWith('/v1/follow-ups') ? 401 : 200;
      response.writeHead(status, { 'content-type': 'application/json', etag: '"7"', 'set-cookie': 'of=the-service' });
      response.end(JSON.stringify({ method, url }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, heard, left, server };
}

export const stopServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

/** A page as the build leaves it, small. */
export async function builtPage(): Promise<{ folder: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'closeloop-page-'));
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), '<!doctype html><meta property="csp-nonce" nonce="__CSP_NONCE__" />');
  await writeFile(join(folder, 'assets', 'index-abc.js'), 'plain');
  await writeFile(join(folder, 'assets', 'index-abc.js.br'), 'packed');
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}
