import { setTimeout as sleep } from 'node:timers/promises';
import { type Platform } from '@closeloop/cli';

/** An answer of a service: its status, its JSON where it is some, and its text. */
export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly text: string;
}

interface Request {
  readonly method?: string;
  readonly body?: object;
  readonly version?: number;
  readonly headers?: Record<string, string>;
}

async function ask(url: string, token: string, { method = 'GET', body, version, headers }: Request): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body && { 'content-type': 'application/json' }),
      ...(version !== undefined && { 'if-match': `"${version}"` }),
      ...headers,
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, body: isJson && text !== '' ? (JSON.parse(text) as Answer['body']) : {}, text };
}

/** Somebody with a token. */
export class Person {
  constructor(
    readonly name: string,
    private readonly platform: Platform,
    private readonly token: string,
  ) {}

  static async of(
    platform: Platform,
    name: string,
    role: 'agent' | 'manager' | 'admin',
    ...teams: string[]
  ): Promise<Person> {
    return new Person(name, platform, await platform.token({ sub: name, roles: [role], teams }));
  }

  /** @throws where the answer is not as expected (2xx unless told) */
  async does(
    service: 'ingestion' | 'loop',
    method: string,
    path: string,
    more: Omit<Request, 'method'> & { expect?: number } = {},
  ): Promise<Answer> {
    const answer = await ask(`${this.platform.urls[service]}${path}`, this.token, { method, ...more });
    const isExpected = more.expect === undefined ? answer.status < 300 : answer.status === more.expect;
    if (!isExpected) throw new Error(`${this.name}: ${method} ${path} answered ${answer.status}: ${answer.text}`);
    return answer;
  }

  /**
   * Gives a command with the version that there is; a clock may have told of something between the look and the command, so what
   * conflicts is looked at again.
   */
  async commands(loopId: string, name: string, body: object = {}, expect?: number): Promise<Answer> {
    for (let tries = 0; ; tries++) {
      const { version } = await this.loop(loopId);
      const answer = await ask(`${this.platform.urls.loop}/v1/loops/${loopId}/${name}`, this.token, {
        ...{ method: 'POST', body, version },
      });
      if (answer.status === 409 && answer.body['reason'] === undefined && tries < 5) continue;
      const isExpected = expect === undefined ? answer.status < 300 : answer.status === expect;
      if (!isExpected) throw new Error(`${this.name}: ${name} answered ${answer.status}: ${answer.text}`);
      return answer;
    }
  }

  async loop(loopId: string): Promise<LoopView> {
    const { body } = await this.does('loop', 'GET', `/v1/loops/${loopId}`);
    return body as unknown as LoopView;
  }
}

/** A loop as far as the story goes. */
export interface LoopView {
  readonly version: number;
  readonly state: string;
  readonly team: string;
  readonly owner?: string;
  readonly level: number;
  readonly writing: readonly { readonly agent: string }[];
  readonly feedback: readonly { readonly feedbackId: string; readonly revision: number }[];
  readonly history: readonly {
    readonly change: string;
    readonly note?: string;
    readonly at: string;
    readonly dueAt?: string;
    readonly owner?: string;
    readonly words?: { readonly text?: string };
  }[];
}

/** Asks again until there is something. @throws naming what it waited for */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  seconds = 30,
): Promise<T> {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (performance.now() > end) throw new Error(`After ${seconds} s there is still not: ${what}.`);
    await sleep(100);
  }
}
