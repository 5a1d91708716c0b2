import { describe, expect, it } from '@jest/globals';
import { readArguments } from './arguments.js';

describe('the arguments of a fault run', () => {
  const read = (...words: string[]) => readArguments(words, ['kill', 'cut']);

  it('take names by commas and in several options', () => {
    expect(read('--only', 'cut,kill', '--only', 'cut').only).toEqual(['cut', 'kill']);
    expect(read().only).toEqual([]);
  });

  it('are about kills alone where those are counted', () => {
    expect(read('--kills', '1000', '--resume', 'night')).toMatchObject({
      only: ['kill'],
      kills: 1000,
      resume: 'night',
    });
    expect(() => read('--kills', '10', '--only', 'cut')).toThrow('--kills goes with --only kill alone');
    expect(() => read('--resume', 'night')).toThrow('--resume goes with --kills');
    expect(() => read('--kills', '10', '--resume', '../x')).toThrow('letters, digits and dashes');
  });

  it('are refused by the option and its rule', () => {
    expect(() => read('--only', 'rain')).toThrow('--only must be of kill, cut, not "rain"');
    expect(() => read('--minutes', '1.5')).toThrow('--minutes must be a whole number from 1, not "1.5"');
    expect(() => read('--seed', '-1')).toThrow();
    expect(() => read('--break', 'windows')).toThrow('--break must be of dedupe');
  });

  it('keep the seed that is given, and make one otherwise', () => {
    expect(read('--seed', '0').seed).toBe(0);
    expect(Number.isInteger(read().seed)).toBe(true);
  });
});
