import { createTopics } from '@closeloop/messaging';
import { createService, migrateDatabase, type RunningService } from '@closeloop/platform';
import { testEnvironment, type TestEnvironment } from '@closeloop/testing';
import { ingestionDatabase } from './ingestion.database.js';
import { IngestionModule } from './ingestion.module.js';

/** An answer, read whole. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; undefined for one that is not. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- specs reach into it and say what they expect
  readonly body: any;
}

/** Ingestion as it runs in production, on a real Kafka and Postgres, with its edges at hand. */
export class EdgesFixture {
  private constructor(
    readonly test: TestEnvironment,
    readonly service: RunningService,
    readonly admin: string,
  ) {}

  static async start(env: Record<string, string> = {}): Promise<EdgesFixture> {
    const test = await testEnvironment({ prefix: 'edges' });
    await createTopics(test.env);
    await migrateDatabase('ingestion', ingestionDatabase, test.env);
    const service = await createService('ingestion', IngestionModule, { env: { ...test.env, ...env }, logger: false });
    return new EdgesFixture(test, service, await test.token({ sub: 'ada', roles: ['admin'] }));
  }

  async stop(): Promise<void> {
    await this.service.close();
    await this.test.close();
  }

  /** Another replica on the same Kafka and Postgres; close it yourself. */
  replica(env: Record<string, string> = {}): Promise<RunningService> {
    return createService('ingestion', IngestionModule, { env: { ...this.test.env, ...env }, logger: false });
  }

  /** A new API key for a source. */
  async key(source: string): Promise<string> {
    const { body } = await this.post('/v1/api-keys', { source }, { authorization: `Bearer ${this.admin}` });
    return (body as { key: string }).key;
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('POST', path, headers, JSON.stringify(body), 'application/json');
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('GET', path, headers);
  }

  async send(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: string | Uint8Array | ReadableStream | AsyncIterable<Uint8Array>,
    contentType?: string,
  ): Promise<Answer> {
    const response = await fetch(this.service.url + path, {
      method,
      headers: { ...(contentType === undefined ? {} : { 'content-type': contentType }), ...headers },
      ...(body === undefined ? {} : { body, duplex: 'half' }),
    } as RequestInit);
    const text = await response.text();
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      parsed = undefined;
    }
    return { status: response.status, headers: response.headers, text, body: parsed };
  }

  /** How many feedbacks there are of a source. */
  async feedbackOf(source: string): Promise<number> {
    const [row] = await this.test.query<{ count: number }>(
      'ingestion',
      'select count(*)::int as count from feedback where source = $1',
      [source],
    );
    return row!.count;
  }
}

export const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });
