import { connectionOf, type Env } from '@closeloop/platform';
import pg from 'pg';
import { ActiveModelStore, type Activation, type KeptModel } from '../domain/own/model-store.js';
import { readActive, readKept, type Query } from './model.statement.js';

const answerWithinMs = 5_000;

/** Reads, by one connection, what the learning program of this service has made active. */
export class ActiveModelClient extends ActiveModelStore {
  readonly #pool: pg.Pool;

  /** @throws Error where no database is configured */
  constructor(env: Env) {
    super();
    this.#pool = new pg.Pool({
      ...connectionOf('learning', env),
      ...{ application_name: 'closeloop-sentiment', max: 1, query_timeout: answerWithinMs },
    });
    // Who asks next is told; without a listener a connection that breaks while idle would end the process.
    this.#pool.on('error', () => undefined);
  }

  readonly #query: Query = async <Row>(statement: string, parameters: unknown[] = []) =>
    (await this.#pool.query(statement, parameters)).rows as Row[];

  override active(): Promise<Activation> {
    return readActive(this.#query);
  }

  override kept(version: string): Promise<KeptModel> {
    return readKept(this.#query, version);
  }

  override close(): Promise<void> {
    return this.#pool.end();
  }
}
