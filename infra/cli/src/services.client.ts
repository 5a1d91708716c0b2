import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { type ServiceName } from '@closeloop/contracts';
import { signLocalToken } from '@closeloop/embedded';
import { Failure, type Surroundings } from './command.js';
import { runningInstance } from './instance.js';
import { services as names } from './workspace.js';

/** How long an answer may take, where a command does not say. */
const usualAnswerMs = 30_000;

const urlVariableOf = (service: ServiceName) => `${service.toUpperCase()}_URL`;

/** Refused by a service, as its problem document says. */
export class Refused extends Failure {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly retryAfterSeconds: number | undefined,
  ) {
    super(message, status === 401 || status === 403 ? 3 : status === 400 ? 2 : 1);
  }
}

/** Nothing listens there. */
export class Unreachable extends Failure {}

/** The services over HTTP: those that `<SERVICE>_URL` names, else those that `npm start` runs in this checkout. */
export class Services {
  private constructor(
    private readonly urls: Partial<Record<ServiceName, readonly string[]>>,
    private readonly token: string,
    private readonly answerWithinMs: number,
  ) {}

  /** @throws Failure where nothing runs and nothing is named */
  static async find({ env, dataDir }: Surroundings, answerWithinMs = usualAnswerMs): Promise<Services> {
    const instance = await runningInstance(dataDir);
    const urlsOf = (service: ServiceName): readonly string[] => {
      const named = env[urlVariableOf(service)] ?? instance?.urls?.[service] ?? '';
      return named
        .split(',')
        .map((url) => url.trim().replace(/\/+$/, ''))
        .filter(Boolean);
    };
    if (!names.some((name) => urlsOf(name).length > 0))
      throw new Failure(
        `nothing runs in this checkout: npm start. Or name what runs elsewhere: ${names.map(urlVariableOf).join(', ')}.`,
      );
    return new Services(
      Object.fromEntries(names.map((name) => [name, urlsOf(name)])),
      await tokenFor(env, dataDir, instance?.env?.['OIDC_ISSUER']),
      answerWithinMs,
    );
  }

  /** Every replica that is known. @throws Failure where none is */
  replicasOf(service: ServiceName): readonly string[] {
    const urls = this.urls[service] ?? [];
    if (urls.length === 0)
      throw new Failure(
        `Where ${service} answers is not known: set ${urlVariableOf(service)} (several replicas by commas), or run npm start in this checkout.`,
      );
    return urls;
  }

  get<T>(service: ServiceName, path: string): Promise<T> {
    return this.ask<T>(service, path);
  }

  post<T>(service: ServiceName, path: string, body: object): Promise<T> {
    return this.ask<T>(service, path, body);
  }

  put<T>(service: ServiceName, path: string, body: object): Promise<T> {
    return this.ask<T>(service, path, body, 'PUT');
  }

  delete(service: ServiceName, path: string): Promise<void> {
    return this.ask(service, path, undefined, 'DELETE');
  }

  /** As `post`; while the service says that it is full or its store away, it is asked again as it wishes. */
  async postPatiently<T>(
    service: ServiceName,
    path: string,
    body: object,
    waiting: (message: string) => void,
  ): Promise<T> {
    for (;;) {
      try {
        return await this.post<T>(service, path, body);
      } catch (error) {
        if (!(error instanceof Refused) || error.status !== 503) throw error;
        waiting(error.message);
        await pause(Math.min(30, error.retryAfterSeconds ?? 2) * 1_000);
      }
    }
  }

  /**
   * The lines of an answer as they come, by the first replica that answers; who takes no more of them hangs up.
   * @param body what is asked, or the path of a file of lines
   */
  async *lines<T>(service: ServiceName, path: string, body: object | string): AsyncGenerator<T, void> {
    const [url] = this.replicasOf(service);
    const hangUp = new AbortController();
    if (typeof body === 'string' && !existsSync(body)) throw new Failure(`There is no file ${body}.`, 2);
    const file = typeof body === 'string' ? Readable.toWeb(createReadStream(body)) : undefined;
    let response: Response;
    try {
      response = await fetch(url + path, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${this.token}`,
          'content-type': file ? 'application/x-ndjson' : 'application/json',
        },
        ...(file ? { body: file as ReadableStream, duplex: 'half' } : { body: JSON.stringify(body) }),
        signal: hangUp.signal,
      });
    } catch (error) {
      const { cause, message } = error as Error & { cause?: { code?: string; message?: string } };
      throw new Unreachable(`${url} does not answer: ${cause?.code ?? cause?.message ?? message}`);
    }
    if (!response.ok) throw refusal(url + path, response, await response.text());
    const lines = createInterface({
      input: Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]),
    });
    try {
      for await (const line of lines) if (line !== '') yield JSON.parse(line) as T;
    } finally {
      // nobody listens any more: what hanging up does to the rest is no error
      lines.on('error', () => undefined);
      hangUp.abort();
    }
  }

  /** Of one replica. @throws Failure, Refused */
  async from<T>(url: string, path: string, body?: object, method = body ? 'POST' : 'GET'): Promise<T> {
    let response: Response;
    try {
      response = await fetch(url + path, {
        method,
        headers: { authorization: `Bearer ${this.token}`, ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(this.answerWithinMs),
      });
    } catch (error) {
      if ((error as Error).name === 'TimeoutError')
        throw new Failure(`${url} does not answer within ${this.answerWithinMs / 1_000} s`);
      const { cause, message } = error as Error & { cause?: { code?: string; message?: string } };
      throw new Unreachable(`${url} does not answer: ${cause?.code ?? cause?.message ?? message}`);
    }
    const text = await response.text().catch(() => {
      throw new Failure(`${url} does not answer within ${this.answerWithinMs / 1_000} s`);
    });
    if (response.ok) return (text === '' ? undefined : JSON.parse(text)) as T;
    throw refusal(url + path, response, text);
  }

  /** Of whichever replica answers. */
  private async ask<T>(service: ServiceName, path: string, body?: object, method?: string): Promise<T> {
    let failure: unknown;
    for (const url of this.replicasOf(service)) {
      try {
        return await this.from<T>(url, path, body, method);
      } catch (error) {
        if (error instanceof Refused || !(error instanceof Failure)) throw error;
        failure = error;
      }
    }
    throw failure;
  }
}

interface ProblemDocument {
  readonly type?: string;
  readonly title?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly pointer: string; readonly message: string }[];
}

function refusal(address: string, response: Response, text: string): Refused {
  let problem: ProblemDocument = {};
  try {
    problem = JSON.parse(text) as ProblemDocument;
  } catch {
    // no problem document: the status says what there is to say
  }
  const told = [
    problem.detail ?? problem.title ?? response.statusText,
    ...(problem.errors ?? []).map(({ pointer, message }) => `${pointer || '/'}: ${message}`),
  ];
  const why = [...new Set(told)].join(' ');
  const message: Record<number, string> = {
    400: why,
    401: `your token was refused: ${why}`,
    403: `your token was refused: ${why} (${address} answered 403; CLOSELOOP_TOKEN is to be the token of a person with that role)`,
  };
  const seconds = Number(response.headers.get('retry-after') ?? NaN);
  return new Refused(
    response.status,
    problem.type?.replace('urn:closeloop:', '') ?? '',
    message[response.status] ?? `${address} answered ${response.status}: ${why}`,
    Number.isNaN(seconds) ? undefined : seconds,
  );
}

async function tokenFor(env: Surroundings['env'], dataDir: string, issuer: string | undefined): Promise<string> {
  if (env['CLOSELOOP_TOKEN']) return env['CLOSELOOP_TOKEN'];
  if (!issuer || (env['OIDC_ISSUER'] && env['OIDC_ISSUER'] !== issuer))
    throw new Failure(
      'Set CLOSELOOP_TOKEN to the token of a person with the role manager or admin; the local issuer of `npm start` does not run here.',
    );
  return signLocalToken(
    { dataDir: join(dataDir, 'issuer'), issuer },
    { sub: 'closeloop-cli', roles: ['manager', 'admin'], teams: [] },
    '12h',
  );
}
