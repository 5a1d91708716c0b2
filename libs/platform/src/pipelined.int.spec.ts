import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Socket } from 'node:net';
import { DataSource } from 'typeorm';
import { connectionOf } from './database.js';
import { pipelined } from './pipelined.js';

describe('Statements that are pipelined', () => {
  let database: DataSource;

  beforeAll(async () => {
    const env = { DATABASE_URL: process.env.DATABASE_URL, DATABASE_PREFIX: '' };
    database = new DataSource({
      type: 'postgres',
      url: process.env.DATABASE_URL!,
      extra: { ...connectionOf('notes', env), connectionString: process.env.DATABASE_URL },
    });
    await database.initialize();
  });
  afterAll(() => database.destroy());

  it('are executed in their order', async () => {
    const read = await database.transaction(async (tx) => {
      await tx.query('create temp table step (no int) on commit drop');
      const steps = Array.from({ length: 20 }, (_, no) =>
        tx.query('insert into step select $1::int where (select count(*) from step) = $1::int', [no]),
      );
      await pipelined(...steps);
      return tx.query<{ no: number }[]>('select no from step');
    });
    expect(read.map(({ no }) => no)).toEqual(Array.from({ length: 20 }, (_, no) => no));
  });

  it('go out by one write', async () => {
    await database.transaction(async (tx) => {
      const { connection } = (await tx.queryRunner!.connect()) as { connection: { stream: Socket } };
      let writes = 0;
      const handle = (connection.stream as unknown as { _handle: Record<string, (...words: unknown[]) => unknown> })
        ._handle;
      const write = handle['writev']!.bind(handle);
      handle['writev'] = (...words) => {
        writes += 1;
        return write(...words);
      };
      await pipelined(...[1, 2, 3].map((no) => tx.query('select $1::int', [no])));
      expect(writes).toBe(1);
      handle['writev'] = write;
    });
  });

  it('fail by the first that failed, when all are answered, and the connection goes on', async () => {
    const attempt = database.transaction(async (tx) => {
      await pipelined(tx.query('select 1'), tx.query('select 1 / $1::int', [0]), tx.query('select no_such_column'));
    });
    await expect(attempt).rejects.toMatchObject({ driverError: { code: '22012' } });
    expect(await database.query('select 2 as two')).toEqual([{ two: 2 }]);
  });
});
