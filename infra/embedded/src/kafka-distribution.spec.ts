import { describe, expect, it } from '@jest/globals';
import { majorOf } from './kafka-distribution.js';

describe("Java's major version", () => {
  it.each([
    ['openjdk version "17.0.15" 2025-04-15', 17],
    ['java version "1.8.0_412"', 8],
    ['openjdk version "21" 2023-09-19', 21],
    ['openjdk version "25-ea" 2025-09-16', 25],
  ])('of %s is %d', (said, major) => expect(majorOf(said)).toBe(major));

  it('is unknown where a stub tells to install one', () => {
    expect(majorOf('The operation couldn’t be completed. Unable to locate a Java Runtime.')).toBeUndefined();
  });
});
