import { ApiProblem, problemOf } from './problem.js';

export type Service = 'ingestion' | 'sentiment' | 'learning' | 'routing' | 'rehearsal' | 'loop' | 'insights';

type QueryValue = string | number | boolean | readonly string[] | undefined;

export interface Asking {
  /** A list becomes a parameter each */
  readonly query?: Readonly<Record<string, QueryValue>>;
  readonly body?: unknown;
  /** The version that was seen: what has changed since is a 409 */
  readonly ifMatch?: number | string;
  readonly signal?: AbortSignal;
  /** The page may be left meanwhile */
  readonly keepalive?: boolean;
}

let csrf = '';

/** Said by every request that changes something; the session has it. */
export function setCsrf(token: string): void {
  csrf = token;
}

/** Path and query. */
function pathOf(service: Service, path: string, query: Asking['query'] = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) parameters.append(name, String(one));
  }
  const text = parameters.toString();
  return `/api/${service}${path}${text === '' ? '' : `?${text}`}`;
}

async function send(method: string, url: string, { body, ifMatch, signal, keepalive }: Asking): Promise<Response> {
  const response = await fetch(url, {
    method,
    headers: {
      accept: 'application/json, application/x-ndjson',
      ...(method !== 'GET' && { 'x-csrf-token': csrf }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(ifMatch !== undefined && { 'if-match': `"${ifMatch}"` }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal && { signal }),
    ...(keepalive && { keepalive }),
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw problemOf(0, { title: 'The console does not answer.' });
  });
  if (response.ok) return response;
  const document: unknown = await response.json().catch(() => undefined);
  if (response.status === 401) toSignIn();
  throw problemOf(response.status, document, response.headers.get('retry-after'));
}

/** To the page where one signs in, and back here afterwards. */
function toSignIn(): void {
  const { pathname, search } = window.location;
  if (pathname !== '/sign-in') window.location.assign(`/sign-in?return=${encodeURIComponent(pathname + search)}`);
}

const json = async <T>(response: Response): Promise<T> =>
  (response.status === 204 ? undefined : await response.json()) as T;

/** The services behind the console. Everything that is no success is thrown as an ApiProblem. */
export const api = {
  get: async <T>(service: Service, path: string, { query, ...rest }: Asking = {}): Promise<T> =>
    json(await send('GET', pathOf(service, path, query), rest)),
  post: async <T>(service: Service, path: string, { query, ...rest }: Asking = {}): Promise<T> =>
    json(await send('POST', pathOf(service, path, query), rest)),
  put: async <T>(service: Service, path: string, { query, ...rest }: Asking = {}): Promise<T> =>
    json(await send('PUT', pathOf(service, path, query), rest)),
  patch: async <T>(service: Service, path: string, { query, ...rest }: Asking = {}): Promise<T> =>
    json(await send('PATCH', pathOf(service, path, query), rest)),
  delete: async <T = void>(service: Service, path: string, { query, ...rest }: Asking = {}): Promise<T> =>
    json(await send('DELETE', pathOf(service, path, query), rest)),

  /** An answer that comes line by line, each a JSON value. */
  async *lines<T>(service: Service, path: string, { query, ...rest }: Asking = {}): AsyncGenerator<T, void> {
    const response = await send('POST', pathOf(service, path, query), rest);
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let rest_ = '';
    for (;;) {
      const { done, value = '' } = await reader.read();
      const lines = (rest_ + value).split('\n');
      rest_ = done ? '' : lines.pop()!;
      for (const line of lines) if (line.trim() !== '') yield JSON.parse(line) as T;
      if (done) return;
    }
  },
};

/** What the console itself answers, outside of the services. */
export const own = {
  get: async <T>(path: string): Promise<T> => json(await send('GET', `/api/${path}`, {})),
  post: async <T>(path: string): Promise<T> => json(await send('POST', `/api/${path}`, {})),
};

/** Whether it is worth asking again, for a query. */
export const isWorthRetrying = (failures: number, error: unknown): boolean =>
  failures < 3 && error instanceof ApiProblem && error.isPassing;
