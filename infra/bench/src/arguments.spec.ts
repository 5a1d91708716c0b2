import { describe, expect, it } from '@jest/globals';
import { readArguments } from './arguments.js';
import { subjectNames } from './subjects/subject.js';
import { workNames } from './works/work.js';

describe('readArguments', () => {
  it('measures every work that is compared, and nothing else, unless told otherwise', () => {
    expect(readArguments([])).toMatchObject({ only: workNames, subjects: subjectNames, rounds: 5, quick: false });
  });

  it('takes several names, in the order of the works', () => {
    expect(readArguments(['--only', 'insights,hops,pipeline']).only).toEqual(['pipeline', 'hops', 'insights']);
    expect(readArguments(['--subjects', 'bare,ours']).subjects).toEqual(['ours', 'bare']);
  });

  it('does one round of those that count when it is to be quick, unless told otherwise', () => {
    expect(readArguments(['--quick']).rounds).toBe(1);
    expect(readArguments(['--quick']).subjects).not.toContain('kafka-streams-at-least-once');
    expect(readArguments(['--quick', '--subjects', 'ours']).subjects).toEqual(['ours']);
    expect(readArguments(['--quick', '--rounds', '3']).rounds).toBe(3);
  });

  it.each([
    [
      ['--only', 'hops,loops'],
      '--only must be of pipeline, single, latency, hops, loop, ingestion, idle, deadlines, insights',
    ],
    [['--subjects', 'theirs'], '--subjects must be of ours, bare,'],
    [['--rounds', '0'], '--rounds must be a whole number from 1 to 100, not "0"'],
    [['--rounds', '2.5'], '--rounds must be a whole number'],
    [['--write', 'docs/performance.html'], '--write must be a file that ends with .md'],
    [['--reference', 'reference.yaml'], '--reference must be a file that ends with .json'],
    [['--loops', 'many'], '--loops must be a whole number from 1000'],
    [['--fast'], "Unknown option '--fast'"],
  ])('refuses %j, and says why', (argv, message) => {
    expect(() => readArguments(argv)).toThrow(message);
  });
});
