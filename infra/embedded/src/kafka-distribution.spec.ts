import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kafkaImage, majorOf } from './kafka-distribution.js';

describe("Java's major version", () => {
  it.each([
    ['openjdk version "17.0.15" 2025-04-15', 17],
    ['java version "1.8.0_412"', 8],
    ['openjdk version "21" 2023-09-19', 21],
    ['openjdk version "25-ea" 2025-09-16', 25],
  ])('of %s is %d', (said, major) => expect(majorOf(said)).toBe(major));

  it('is unknown where what is called java only tells to install one', () => {
    expect(majorOf('The operation couldn’t be completed. Unable to locate a Java Runtime.')).toBeUndefined();
  });
});

it('the image of docker-compose.yml is of the version in pom.xml', async () => {
  const compose = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docker-compose.yml'), 'utf8');
  expect([...compose.matchAll(/image: (apache\/kafka\S*)/g)].map(([, image]) => image)).toEqual([await kafkaImage()]);
});
