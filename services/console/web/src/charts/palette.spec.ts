import { describe, expect, it } from '@jest/globals';
import { contrastOf, heatColour, inkOn, mix, paletteOf } from './palette.js';

describe.each(['light', 'dark'] as const)('the %s palette', (scheme) => {
  const palette = paletteOf(scheme);

  it('can be read: marks at 3:1 and words at 4.5:1 on their ground (WCAG 2)', () => {
    for (const colour of palette.series) expect(contrastOf(colour, palette.ground)).toBeGreaterThanOrEqual(3);
    for (const colour of [palette.text, palette.quiet])
      expect(contrastOf(colour, palette.ground)).toBeGreaterThanOrEqual(4.5);
  });

  it('has an ink for every field of a heat map', () => {
    for (const diverging of [true, false]) {
      for (let value = -1; value <= 1; value += 0.05) {
        const ground = heatColour(palette, value, [-1, 1], diverging);
        expect(contrastOf(ground, inkOn(ground))).toBeGreaterThanOrEqual(4.5);
      }
    }
  });

  it('goes from one end of the heat to the other, and through neutral at zero', () => {
    expect(heatColour(palette, 10, [10, 30], false)).toBe(palette.heat[0]);
    expect(heatColour(palette, 30, [10, 30], false)).toBe(palette.heat[1]);
    expect(heatColour(palette, 0, [-40, 10], true)).toBe(palette.diverging[1]);
    expect(heatColour(palette, -40, [-40, 10], true)).toBe(palette.diverging[0]);
    expect(heatColour(palette, 5, [5, 5], false)).toBe(mix(...palette.heat, 0.5));
  });
});

it('contrast is that of WCAG', () => {
  expect(contrastOf('#000000', '#ffffff')).toBeCloseTo(21, 5);
  expect(contrastOf('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
});
