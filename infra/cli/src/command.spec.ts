import { describe, expect, it } from '@jest/globals';
import { counted, idOf, nearest, readWords, span, table, timeOf, timesOf, UsageError } from './command.js';

describe('the words of a command', () => {
  const options = { topic: { type: 'string' }, json: { type: 'boolean' } } as const;

  it('are read as options and names', () => {
    expect(readWords(['a', '--topic', 't', '--json'], options, { names: ['ID'] })).toMatchObject({
      values: { topic: 't', json: true },
      positionals: ['a'],
    });
  });

  it.each([
    [['--topics', 't'], 'There is no option --topics; did you mean --topic?'],
    [['--jsn'], 'There is no option --jsn; did you mean --json?'],
    [['--something-else'], 'There is no option --something-else.'],
    [['a', 'b'], '"b" is one word too many: give ID.'],
    [[], 'Give ID.'],
  ])('%j are refused with what helps', (words, message) => {
    expect(() => readWords(words, options, { names: ['ID'] })).toThrow(new UsageError(message));
  });

  it('that lack a value are refused', () => {
    expect(() => readWords(['--topic'], options)).toThrow(UsageError);
  });
});

it('the nearest word is one that differs little', () => {
  expect(nearest('statsu', ['status', 'trace'])).toBe('status');
  expect(nearest('frobnicate', ['status', 'trace'])).toBeUndefined();
});

it('a table keeps its columns', () => {
  expect(
    table([
      ['a', 'bb', 'c'],
      ['aaa', 'b', 'cc'],
    ]),
  ).toBe('a    bb  c\naaa  b   cc\n');
});

it.each([
  [0.4, '0 s'],
  [119, '119 s'],
  [600, '10 min'],
  [9_000, '2.5 h'],
  [200_000, '2.3 d'],
])('%d seconds are %s', (seconds, text) => expect(span(seconds)).toBe(text));

describe('a time', () => {
  it('is taken as it is, as a day, or as so long ago', () => {
    expect(timeOf('--from', '2026-11-22T08:00:00+01:00')).toBe('2026-11-22T08:00:00+01:00');
    expect(timeOf('--from', '2026-11-22')).toBe('2026-11-22T00:00:00Z');
    const ago = Date.now() - Date.parse(timeOf('--from', '2h')!);
    expect(Math.abs(ago - 7_200_000)).toBeLessThan(5_000);
    expect(timeOf('--from', undefined)).toBeUndefined();
  });

  it.each(['yesterday', '2026-13-40', '2026-11-22T08:00:00', '5 h'])('%s is none', (text) => {
    expect(() => timeOf('--from', text)).toThrow(UsageError);
  });
});

it('a time that ends before it begins is refused', () => {
  expect(timesOf({ from: '2026-11-22', to: '2026-11-23' })).toEqual({
    from: '2026-11-22T00:00:00Z',
    to: '2026-11-23T00:00:00Z',
  });
  expect(timesOf({})).toEqual({});
  expect(() => timesOf({ from: '1h', to: '2h' })).toThrow(UsageError);
});

it('one and many are told apart', () => {
  expect([counted(0, 'event'), counted(1, 'event'), counted(2, 'event is', 'events are')]).toEqual([
    '0 events',
    '1 event',
    '2 events are',
  ]);
});

it('an id is a UUID', () => {
  expect(idOf('3F2C8F5E-1C64-5B0E-9D34-0F5A2C9E7B11')).toBe('3f2c8f5e-1c64-5b0e-9d34-0f5a2c9e7b11');
  expect(() => idOf('abc')).toThrow(UsageError);
});
