import pg from 'pg';
import { type Writable } from 'node:stream';
import { arrayLiteral } from './array-literal.js';
import { type Bind, bindMessage } from './bind-message.js';
import { RepeatedStatements } from './repeated-statements.js';

/** A plan is of the size that its tables had. Until Postgres has looked at a table that grows, which takes it a minute, nothing else tells. */
const plannedAnewMs = 5_000;

const repeated = new RepeatedStatements();
const keptAnywhere = new Set<string>();

/**
 * Marks a statement as one that the server may keep, parsed and planned, outside of transactions, too: one plan is good for it, whatever its
 * parameters.
 * @returns the statement
 */
export function kept(statement: string): string {
  keptAnywhere.add(statement);
  return statement;
}

export interface DatabaseClientConfig extends pg.ClientConfig {
  /** Whether the server may keep statements that are repeated; absent: it may not */
  readonly keepStatements?: boolean;
}

type Query = Parameters<pg.Client['query']>;

/** What pg's client has of its connection. */
interface Connection {
  readonly stream: Writable;
  bind(config: Bind): void;
}

/**
 * A connection that ends between two statements is told by its next one, and the pool drops it. Between the pool and whoever takes it from there
 * nobody listens for a moment, and an error that nobody hears of would end the process.
 */
export class DatabaseClient extends pg.Client {
  readonly #keepsStatements: boolean;
  #corked = false;
  /**
   * In a transaction that is not for reading alone: its statements are for what is there by its id, and one plan is good for all of them. The
   * best plan of a question hangs on what is asked.
   */
  #isWriting = false;
  /** Monotonic milliseconds */
  #plannedAnew = performance.now();
  /** A part of each name: what a migration has made unfit is kept anew, under another */
  #generation = 0;

  constructor(config?: DatabaseClientConfig) {
    super(config);
    this.#keepsStatements = config?.keepStatements ?? false;
    this.on('error', () => undefined);
    const connection = this.#connection;
    connection.bind = (bind) => {
      const message = bindMessage(bind);
      if (connection.stream.writable) connection.stream.write(message);
    };
  }

  get #connection(): Connection {
    return (this as unknown as { readonly connection: Connection }).connection;
  }

  /**
   * What is asked in one turn goes out by one write; arrays among its parameters as literals of our own making; what transactions ask again and
   * again is parsed and planned once.
   */
  override query = ((...[statement, ...words]: Query) => {
    this.#cork();
    const [values, ...rest] = words as unknown[];
    const text: unknown = statement;
    if (!Array.isArray(values)) {
      if (typeof text === 'string') this.#follow(text);
      return super.query(...([statement, ...words] as Query));
    }
    const given = values.map(parameterOf);
    // several statements in one text are answered, but cannot be kept
    if (this.#keepsStatements && typeof text === 'string' && given.length > 0) {
      const name = this.#isWriting || keptAnywhere.has(text) ? repeated.nameOf(text) : undefined;
      if (name !== undefined) return this.#askKept({ name: `${name}.${this.#generation}`, text, values: given }, rest);
    }
    return super.query(...([statement, given, ...rest] as Query));
  }) as pg.Client['query'];

  #cork(): void {
    if (this.#corked) return;
    const { stream } = this.#connection;
    stream.cork();
    this.#corked = true;
    process.nextTick(() => {
      this.#corked = false;
      stream.uncork();
    });
  }

  /** By its statements: with those that are sent one behind the other, the server's word would come too late. */
  #follow(text: string): void {
    if (/^\s*(?:start\s+transaction|begin)\b/i.test(text)) this.#isWriting = true;
    else if (/^\s*(?:set\s+transaction|commit|rollback(?!\s+to\b))\b/i.test(text)) this.#isWriting = false;
  }

  #askKept(statement: { name: string; text: string; values: unknown[] }, rest: readonly unknown[]): unknown {
    const now = performance.now();
    if (now - this.#plannedAnew > plannedAnewMs) {
      this.#plannedAnew = now;
      // where it fails, the statement behind it does, too
      super.query('discard plans').catch(() => undefined);
    }
    const answer: unknown = super.query(...([statement, ...rest] as unknown as Query));
    if (answer instanceof Promise) {
      answer.catch((error: unknown) => {
        if ((error as { code?: unknown }).code === planUnfit) this.#generation++;
      });
    }
    return answer;
  }
}

/** 'cached plan must not change result type': a migration has changed what the statement answers with */
const planUnfit = '0A000';

const parameterOf = (value: unknown): unknown => (Array.isArray(value) ? (arrayLiteral(value) ?? value) : value);
