import { within, total, type Counted, type Estimate } from './estimate.js';
import { meanOf } from './mean.js';
import { wilson } from './wilson.js';

/**
 * A rating as stars of five. Scales are taken to begin at 1 (as stars and points do) and to end at `scale`; ends meet ends, what lies
 * between is in proportion: stars = 1 + 4 · (value − 1) / (scale − 1). On a scale that ends at 1 (thumbs) 0 is one star, 1 is five. What lies
 * outside, such as 0 of 10, is the nearest end.
 */
export function starsOf(value: number, scale: number): number {
  const lowest = scale > 1 ? 1 : 0;
  return within(1 + (4 * (value - lowest)) / (scale - lowest), 1, 5);
}

/** Mean stars, 1..5, with Student's interval */
export const ratingOf = (stars: Counted): Estimate => meanOf(stars);

/** The share 0..1 at or above 4 stars, with Wilson's interval */
export const ratingTopOf = (stars: Counted): Estimate =>
  wilson(total(stars.filter(([value]) => value >= 4)), total(stars));
