import { describe, expect, it } from '@jest/globals';
import { RepeatedStatements } from './repeated-statements.js';

describe('A statement', () => {
  it('has a name from the third time on, always the same one', () => {
    const statements = new RepeatedStatements();
    const names = Array.from({ length: 5 }, () => statements.nameOf('select 1'));
    expect(names).toEqual([undefined, undefined, 's1', 's1', 's1']);
  });

  it('shares its name with no other', () => {
    const statements = new RepeatedStatements();
    const names = Array.from({ length: 6 }, (_, at) => statements.nameOf(`select ${at % 2}`));
    expect(names.slice(4)).toEqual(['s1', 's2']);
  });

  it('is not named any more when two hundred are', () => {
    const statements = new RepeatedStatements();
    const ask = (text: string) => [1, 2, 3].map(() => statements.nameOf(text)).at(-1);
    const names = Array.from({ length: 300 }, (_, at) => ask(`select ${at}`));
    expect(names.filter((name) => name !== undefined)).toHaveLength(200);
    expect(ask('select 0')).toBe('s1');
  });

  it('that is made anew each time is counted in bounded room, and holds no name', () => {
    const statements = new RepeatedStatements();
    for (let at = 0; at < 5_000; at++) expect(statements.nameOf(`select ${at}`)).toBeUndefined();
    expect([1, 2, 3].map(() => statements.nameOf('select 4999')).at(-1)).toBe('s1');
  });
});
