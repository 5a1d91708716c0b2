import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { arrayLiteral, jsonArray, jsonTexts } from './array-literal.js';

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

it('reads JSON texts as they were written, beside other columns', async () => {
  const json = fc
    .jsonValue({ maxDepth: 2 })
    .map((value) => JSON.stringify(value))
    .filter((value) => !value.includes('\\u0000') && value.isWellFormed());
  const control = fc
    .string({ unit: fc.constantFrom('\x1e', '\x1d', '\n', '"', '\\', 'a') })
    .map((value) => JSON.stringify(value));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.option(fc.oneof(json, control)), { minLength: 1 }), async (values) => {
      const { rows } = await client.query<{ at: number; read: string | null }>(
        `select at, read::text from unnest($1::int[], ${jsonArray('$2')}) as n (at, read)`,
        [arrayLiteral(values.map((_value, at) => at)), jsonTexts(values)],
      );
      expect(rows).toEqual(values.map((read, at) => ({ at, read })));
    }),
    { numRuns: 200 },
  );
});
