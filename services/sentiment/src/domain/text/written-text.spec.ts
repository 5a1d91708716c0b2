import { describe, expect, it } from '@jest/globals';
import { writtenOf } from './written-text.js';

describe('what is written', () => {
  it.each([
    [{ title: 'Bags', text: 'lost' }, 'Bags\nlost'],
    [{ text: 'lost' }, 'lost'],
    [{ title: 'Bags' }, 'Bags\n'],
    [{}, ''],
    // As the contract lets a producer in any language say it
    [{ title: null, text: null } as object, ''],
  ])('of %j is %j', (feedback, written) => expect(writtenOf(feedback)).toBe(written));
});
