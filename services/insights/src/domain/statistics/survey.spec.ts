import { describe, expect, it } from '@jest/globals';
import { ratingOf, ratingTopOf, starsOf } from './rating.js';
import { cesOf, cesTopOf, csatOf, npsKindOf, npsOf } from './survey.js';
import { nps } from './nps.js';
import { wilson } from './wilson.js';

describe('surveys', () => {
  it('NPS: promoters from 9, detractors up to 6 (Reichheld), on 0..10 only', () => {
    expect([6, 7, 8, 9].map(npsKindOf)).toEqual(['detractor', 'passive', 'passive', 'promoter']);
    const scores = [
      [10, 30],
      [9, 30],
      [8, 10],
      [7, 10],
      [6, 5],
      [0, 15],
    ] as const;
    expect(npsOf({ scale: 10, scores })).toEqual(nps(60, 20, 20));
    expect(npsOf({ scale: 5, scores: [[5, 10]] })).toBeNull();
  });

  it('CSAT: the top two boxes of five, on five only', () => {
    const scores = [1, 2, 3, 4, 5].map((score) => [score, 10 * score] as const);
    expect(csatOf({ scale: 5, scores })).toEqual(wilson(90, 150));
    expect(csatOf({ scale: 7, scores })).toBeNull();
    expect(csatOf({ scale: 10, scores })).toBeNull();
  });

  it('CES: mean and share of 5 to 7, on seven only', () => {
    const scores = [
      [2, 10],
      [5, 10],
      [7, 20],
    ] as const;
    expect(cesOf({ scale: 7, scores })!.value).toBeCloseTo(5.25, 12);
    expect(cesTopOf({ scale: 7, scores })).toEqual(wilson(30, 40));
    expect(cesOf({ scale: 5, scores })).toBeNull();
    expect(cesTopOf({ scale: 5, scores })).toBeNull();
  });
});

describe('ratings', () => {
  it.each([
    [4, 5, 4],
    [1, 5, 1],
    [10, 10, 5],
    [1, 10, 1],
    [5.5, 10, 3],
    [0, 10, 1],
    [100, 100, 5],
    [2, 3, 3],
    [1, 1, 5],
    [0, 1, 1],
    [7, 5, 5],
  ])('%f of %i is %f stars', (value, scale, stars) => {
    expect(starsOf(value, scale)).toBeCloseTo(stars, 12);
  });

  it('mean, and the share from 4 stars on', () => {
    const stars = [
      [1, 10],
      [3.9, 5],
      [4, 10],
      [5, 25],
    ] as const;
    expect(ratingOf(stars).value).toBeCloseTo((10 + 19.5 + 40 + 125) / 50, 12);
    expect(ratingTopOf(stars)).toEqual(wilson(35, 50));
  });
});
