import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { stretchesOf } from './highlight.js';

describe('a text in stretches', () => {
  it('marks what weighed', () => {
    expect(stretchesOf('The crew was rude.', [{ start: 13, end: 17, weight: -0.8 }])).toEqual([
      { text: 'The crew was ', weight: 0 },
      { text: 'rude', weight: -0.8 },
      { text: '.', weight: 0 },
    ]);
  });

  it('lets what weighs more stand where two overlap', () => {
    const places = [
      { start: 0, end: 8, weight: 0.2 },
      { start: 4, end: 8, weight: -0.9 },
    ];
    expect(stretchesOf('not good at all', places).map(({ text, weight }) => [text, weight])).toEqual([
      ['not ', 0.2],
      ['good', -0.9],
      [' at all', 0],
    ]);
  });

  it('is the text again, whatever the places say', () => {
    const place = fc.record({
      start: fc.integer({ min: -5, max: 60 }),
      end: fc.integer({ min: -5, max: 60 }),
      weight: fc.double({ noNaN: true }),
    });
    fc.assert(
      fc.property(fc.string({ maxLength: 40, unit: 'grapheme' }), fc.array(place, { maxLength: 8 }), (text, places) => {
        const stretches = stretchesOf(text, places);
        expect(stretches.map((stretch) => stretch.text).join('')).toBe(text);
        expect(stretches.every((stretch) => stretch.text !== '')).toBe(true);
      }),
    );
  });
});
