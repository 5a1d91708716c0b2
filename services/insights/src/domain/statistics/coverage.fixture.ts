import type { Interval } from './estimate.js';

/** In how many of so many draws the interval held what is true, 0..1. */
export function coverage(draws: number, draw: () => { interval: Interval | null; truth: number }): number {
  let held = 0;
  for (let at = 0; at < draws; at++) {
    const { interval, truth } = draw();
    if (interval && interval[0] <= truth && truth <= interval[1]) held++;
  }
  return held / draws;
}

export const draws = 10_000;
