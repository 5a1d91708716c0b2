import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { arrayLiteral } from './array-literal.js';

let client: pg.Client;
beforeAll(async () => {
  client = new pg.Client({ connectionString: process.env['DATABASE_URL'] });
  await client.connect();
});
afterAll(() => client?.end());

it('is read by Postgres as it was meant, whatever the text', async () => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }).filter((value) => !value.includes('\0') && value.isWellFormed()),
    fc.constantFrom('', 'NULL', 'null', '{}', '"', '\\', '\\"', ',', ' a ', 'a b', '\n', '{"a":"b\\n"}'),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(text), { minLength: 1 }), async (values) => {
      const { rows } = await client.query<{ read: unknown }>('select $1::text[] as read', [arrayLiteral(values)]);
      expect(rows[0]!.read).toEqual(values);
    }),
    { numRuns: 200 },
  );
  const { rows } = await client.query('select $1::int[] i, $2::bool[] b, $3::float8[] f', [
    arrayLiteral([1, null, -5]),
    arrayLiteral([true, false, null]),
    arrayLiteral([0.1, 1e-9, null]),
  ]);
  expect(rows[0]).toEqual({ i: [1, null, -5], b: [true, false, null], f: [0.1, 1e-9, null] });
});

it('is left to the driver where it holds anything else', () => {
  for (const other of [new Date(), Buffer.of(1), ['a'], { a: 1 }, 1n])
    expect(arrayLiteral(['a', other])).toBeUndefined();
});
