import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DatabaseClient, kept } from './database-client.js';

describe('A connection to the database', () => {
  const clients: DatabaseClient[] = [];
  let client: DatabaseClient;
  /** What the server keeps, without what asks for it */
  const keptBy = async (of: DatabaseClient): Promise<string[]> => {
    const { rows } = await of.query<{ statement: string }>(
      'select statement from pg_prepared_statements order by name',
    );
    return rows.map(({ statement }) => statement);
  };
  const connected = async (keepStatements: boolean): Promise<DatabaseClient> => {
    const made = new DatabaseClient({ connectionString: process.env.DATABASE_URL!, keepStatements });
    await made.connect();
    clients.push(made);
    return made;
  };

  beforeEach(async () => {
    client = await connected(true);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await Promise.all(clients.splice(0).map((one) => one.end()));
  });

  const within = async (of: DatabaseClient, begin: readonly string[], text: string, values: unknown[]) => {
    for (const statement of begin) await of.query(statement);
    for (let times = 0; times < 4; times++) await of.query(text, values);
    await of.query('rollback');
  };

  it('has kept by the server what transactions ask again and again, on whatever connection', async () => {
    const text = 'select $1::int + 1 as next';
    await client.query('begin');
    for (let times = 0; times < 4; times++)
      expect((await client.query(text, [times])).rows).toEqual([{ next: times + 1 }]);
    await client.query('commit');
    expect(await keptBy(client)).toEqual([text]);
    const other = await connected(true);
    await other.query('START TRANSACTION');
    expect((await other.query(text, [7])).rows).toEqual([{ next: 8 }]);
    await other.query('COMMIT');
    expect(await keptBy(other)).toEqual([text]);
  });

  it.each<[string, readonly string[], string]>([
    ['a question outside of transactions', [], 'select $1::int + 11'],
    ['one after a transaction', ['begin', 'commit'], 'select $1::int + 12'],
    ['one of a snapshot', ['begin', 'set transaction isolation level repeatable read'], 'select $1::int + 13'],
    ['one of a transaction that only reads', ['begin', 'set transaction read only'], 'select $1::int + 14'],
  ])('has %s planned for what is asked', async (_, begin, text) => {
    await within(client, begin, text, [1]);
    expect(await keptBy(client)).toEqual([]);
  });

  it('has kept what is marked, also outside, and what comes behind a savepoint', async () => {
    const marked = kept('select $1::int + 21');
    await within(client, [], marked, [1]);
    const behind = 'select $1::int + 22';
    await within(client, ['begin', 'savepoint one', 'rollback to savepoint one'], behind, [1]);
    expect(await keptBy(client)).toEqual([marked, behind]);
  });

  it('has nothing kept where it may not, nor what has no parameters', async () => {
    const other = await connected(false);
    await within(other, ['begin'], kept('select $1::int + 31'), [1]);
    await within(client, ['begin'], 'select 2; select 3', []);
    expect([...(await keptBy(other)), ...(await keptBy(client))]).toEqual([]);
  });

  it('goes on after a statement that fails, kept or not', async () => {
    const text = kept('select 1 / $1::int as part');
    for (const divisor of [1, 0, 0, 1, 0]) {
      if (divisor === 0) await expect(client.query(text, [0])).rejects.toMatchObject({ code: '22012' });
      else expect((await client.query(text, [1])).rows).toEqual([{ part: 1 }]);
    }
    expect((await client.query(text, [1])).rows).toEqual([{ part: 1 }]);
  });

  it('fails once at most for a table that a migration has changed, and then asks anew', async () => {
    await client.query('create temp table changing (id int)');
    const text = kept('select * from changing where id = $1');
    for (let times = 0; times < 4; times++) expect((await client.query(text, [1])).rows).toEqual([]);
    await client.query('alter table changing add column more text');
    await client.query(`insert into changing values (1, 'new')`);
    await expect(client.query(text, [1])).rejects.toMatchObject({ code: '0A000' });
    expect((await client.query(text, [1])).rows).toEqual([{ id: 1, more: 'new' }]);
  });

  it('has a statement planned anew within seconds for a table that has grown, which nothing has told the server yet', async () => {
    await client.query(
      'create temp table growing (id int primary key, filling text) with (autovacuum_enabled = false)',
    );
    const text = kept('select filling from growing where id = any($1::int[])');
    const ask = () => client.query(text, [[1, 2, 3]]);
    for (let times = 0; times < 12; times++) await ask();
    const { rows } = await client.query<{ name: string }>('select name from pg_prepared_statements');
    const plan = async (): Promise<string> => {
      const lines = await client.query<{ 'QUERY PLAN': string }>(`explain execute "${rows[0]!.name}" ('{1,2,3}')`);
      return lines.rows.map((line) => line['QUERY PLAN']).join('\n');
    };
    await client.query(`insert into growing select n, repeat('x', 200) from generate_series(1, 50000) n`);
    const before = await plan();
    const now = performance.now();
    jest.spyOn(performance, 'now').mockReturnValue(now + 5_100);
    await ask();
    const after = await plan();
    // still that of an empty table, and then not
    expect(before).toContain('$1');
    expect(costOf(after)).not.toBe(costOf(before));
  });
});

/** What the planner takes the whole to cost, which goes with how large it takes the table to be */
const costOf = (plan: string): number => Number(/cost=[\d.]+\.\.([\d.]+)/.exec(plan)![1]);
