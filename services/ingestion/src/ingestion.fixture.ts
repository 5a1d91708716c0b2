import { type EventDeclaration } from '@closeloop/contracts';
import { createTopics } from '@closeloop/messaging';
import { createService, migrateDatabase, type RunningService } from '@closeloop/platform';
import { testEnvironment, type TestEnvironment } from '@closeloop/testing';
import { ingestionDatabase } from './ingestion.database.js';
import { IngestionModule } from './ingestion.module.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface Sent {
  /** Which replica; the first unless told otherwise */
  readonly to?: number;
  /** API key or token; that of source `shop` unless told otherwise */
  readonly as?: string;
  readonly headers?: Record<string, string>;
}

/** Replicas of ingestion as they run in production, on one real Kafka and Postgres. */
export class IngestionFixture {
  readonly replicas: RunningService[] = [];
  private readonly keys = new Map<string, string>();
  admin = '';

  private constructor(
    readonly test: TestEnvironment,
    private readonly env: Record<string, string>,
  ) {}

  static async start(replicas: number, env: Record<string, string> = {}): Promise<IngestionFixture> {
    const test = await testEnvironment({ prefix: 'ingestion' });
    const fixture = new IngestionFixture(test, env);
    await createTopics(test.env);
    await migrateDatabase('ingestion', ingestionDatabase, test.env);
    fixture.admin = await test.token({ sub: 'ada', roles: ['admin'] });
    for (let at = 0; at < replicas; at++) await fixture.replica();
    return fixture;
  }

  async replica(): Promise<RunningService> {
    const service = await createService('ingestion', IngestionModule, {
      env: { ...this.test.env, ...this.env },
      logger: false,
    });
    this.replicas.push(service);
    return service;
  }

  async stop(): Promise<void> {
    await Promise.all(this.replicas.map((service) => service.close()));
    await this.test.close();
  }

  /** The API key of a source. */
  async key(source: string): Promise<string> {
    const known = this.keys.get(source);
    if (known) return known;
    const { body } = await this.post('/v1/api-keys', { source }, { as: this.admin });
    const { key } = body as { key: string };
    this.keys.set(source, key);
    return key;
  }

  post(path: string, body: unknown, sent: Sent = {}): Promise<Answer> {
    return this.send('POST', path, sent, body);
  }

  put(path: string, body: unknown, sent: Sent = {}): Promise<Answer> {
    return this.send('PUT', path, sent, body);
  }

  delete(path: string, sent: Sent = {}): Promise<Answer> {
    return this.send('DELETE', path, sent);
  }

  get(path: string, sent: Sent = {}): Promise<Answer> {
    return this.send('GET', path, sent);
  }

  private async send(method: string, path: string, { to = 0, as, headers }: Sent, body?: unknown): Promise<Answer> {
    const response = await fetch(this.replicas[to]!.url + path, {
      method,
      headers: {
        authorization: `Bearer ${as ?? (await this.key('shop'))}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
  }

  query<Row = Record<string, unknown>>(sql: string, params: readonly unknown[] = []): Promise<Row[]> {
    return this.test.query<Row>('ingestion', sql, params);
  }

  /** Publishes events as another service would. */
  async publish<T extends object>(
    event: EventDeclaration<T>,
    events: readonly { id: string; subject: string; data: T }[],
    partition?: number,
  ): Promise<void> {
    await this.test.publish(
      event.topic,
      events.map(({ id, subject, data }) => ({
        key: event.key(data),
        value: data,
        headers: {
          ce_id: id,
          ce_type: event.topic,
          ce_source: 'closeloop/test',
          ce_time: new Date().toISOString(),
          ce_subject: subject,
          ce_specversion: '1.0',
          'content-type': 'application/json',
        },
        ...(partition !== undefined && { partition }),
      })),
    );
  }

  /** The counts of a source's results, durable ones, as the ledger answers them. */
  async results(source = 'shop'): Promise<Record<string, number>> {
    const { body } = await this.get('/v1/ledger', { as: await this.key(source) });
    return (body as { results: Record<string, number> }).results;
  }
}
