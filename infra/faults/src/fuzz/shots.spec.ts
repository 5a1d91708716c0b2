import { describe, expect, it } from '@jest/globals';
import { Random } from '../random.js';
import { type Route, Shots } from './routes.js';
import { Values } from './values.js';

const route: Route = {
  url: new URL('http://127.0.0.1:1'),
  method: 'POST',
  path: '/v1/things/{id}',
  parameters: [
    { name: 'id', in: 'path', schema: { type: 'string', format: 'uuid' } },
    { name: 'limit', in: 'query', schema: { type: 'integer' } },
  ],
  bodies: [{ mediaType: 'application/json', schema: { $ref: '#/components/schemas/Thing' } }],
  definitions: () => ({
    type: 'object',
    required: ['name'],
    properties: {
      name: { type: 'string' },
      size: { type: 'integer' },
      tags: { type: 'array', items: { type: 'string' } },
    },
  }),
};

const shotsOf = (seed: number, count: number) => {
  const random = new Random(seed);
  const shots = new Shots(random, new Values(random));
  return Array.from({ length: count }, () => shots.of(route, ['key']));
};

describe('the shots of a fuzz', () => {
  it('are those of the seed', () => {
    const bytes = (seed: number) => shotsOf(seed, 60).map(({ parts }) => Buffer.concat(parts).toString('base64'));
    expect(bytes(7)).toEqual(bytes(7));
    expect(bytes(7)).not.toEqual(bytes(8));
  });

  it('are HTTP, to the letter, wherever an answer is demanded', () => {
    const demanding = shotsOf(3, 1_500).filter(({ wellFormed }) => wellFormed);
    expect(demanding.length).toBeGreaterThan(1_200);
    for (const { parts } of demanding) {
      const bytes = Buffer.concat(parts);
      const end = bytes.indexOf('\r\n\r\n');
      const [start, ...headers] = bytes.toString('latin1', 0, end).split('\r\n');
      expect(start).toMatch(/^[A-Z]+ \/[\x21-\x7e]* HTTP\/1\.1$/);
      for (const header of headers) expect(header).toMatch(/^[\w-]+: ?[\t\x20-\x7e\x80-\xff]*$/);
      const length = /content-length: (\d+)/.exec(headers.join('\n'))?.[1];
      if (length !== undefined) expect(bytes.length - end - 4).toBe(Number(length));
    }
  });

  it('are right as often as they are wrong in places that a program may overlook', () => {
    const all = shotsOf(5, 3_000).map(({ parts }) => Buffer.concat(parts).toString('utf8'));
    const having = (what: string | RegExp) =>
      all.filter((shot) => (typeof what === 'string' ? shot.includes(what) : what.test(shot))).length;
    for (const what of [
      '\\u0000',
      '\\ud800',
      '__proto__',
      '%00',
      '[[[[[[[[[[',
      'transfer-encoding: chunked',
      'content-encoding: gzip',
      'constructor',
    ]) {
      expect({ what, found: having(what) > 0 }).toEqual({ what, found: true });
    }
    expect(having(/\{"name":"t[0-9a-f]*"(,"size":\d+)?(,"tags":\[[^\]{]*\])?\}$/)).toBeGreaterThan(300);
  });
});
