import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type ByteParts } from './byte-parts.js';
import { DatabaseClient } from './database-client.js';
import { jsonArray, jsonBytes, jsonTexts } from './json-texts.js';

let client: DatabaseClient;
beforeAll(async () => {
  client = new DatabaseClient({ connectionString: process.env['DATABASE_URL']! });
  await client.connect();
});
afterAll(() => client?.end());

const bytesOf = (values: readonly (string | null)[]): ByteParts =>
  jsonBytes(values.map((value) => (value === null ? null : Buffer.from(value))));

it.each<[string, (values: readonly (string | null)[]) => string | ByteParts]>([
  ['texts', jsonTexts],
  ['bytes', bytesOf],
])('reads JSON %s as they were written, beside other columns', async (_kind, parameterOf) => {
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
        [values.map((_value, at) => at), parameterOf(values)],
      );
      expect(rows).toEqual(values.map((read, at) => ({ at, read })));
    }),
    { numRuns: 200 },
  );
});
