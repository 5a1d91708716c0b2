import { describe, expect, it } from '@jest/globals';
import { emotionNames, type EmotionName } from '@closeloop/contracts';
import type { Features } from '../learning/linear-model.js';
import { tokensOf } from '../text/tokens.js';
import { emotionFeatures, judgeEmotions, type EmotionModel } from './judge-emotions.js';

const nothing: Features = { grams: Int32Array.of(), dense: new Float32Array(0) };

/** Says these shares of any text: what it knows is in its bias. */
const saying = (shares: Partial<Record<EmotionName, number>>, more: Partial<EmotionModel> = {}): EmotionModel => ({
  linear: {
    ...{ classes: emotionNames, buckets: 2, dense: 0 },
    sparseWeights: new Float32Array(2 * emotionNames.length),
    scales: new Float32Array(emotionNames.length).fill(1),
    denseWeights: new Float32Array(0),
    bias: Float32Array.from(emotionNames, (name) => Math.log(shares[name] ?? 1e-9)),
  },
  calibrations: emotionNames.map(() => ({ slope: 1, offset: 0 })),
  thresholds: emotionNames.map(() => 0.3),
  ...more,
});

describe('emotions', () => {
  it('given several that reach their thresholds: says them, the likeliest first', () => {
    expect(judgeEmotions(nothing, saying({ anger: 0.32, sadness: 0.48, fear: 0.2 }))).toEqual([
      { name: 'sadness', confidence: 0.48 },
      { name: 'anger', confidence: 0.32 },
    ]);
  });

  it('given none that reaches its threshold: says the likeliest', () => {
    const thresholds = emotionNames.map(() => 0.9);
    expect(judgeEmotions(nothing, saying({ joy: 0.6, neutral: 0.4 }, { thresholds }))).toEqual([
      { name: 'joy', confidence: 0.6 },
    ]);
  });

  it('given calibrations: says and compares how often it is right, not what the model says', () => {
    const rarelyRight = emotionNames.map((name) => ({ slope: 1, offset: name === 'joy' ? -Math.log(9) : 0 }));
    expect(judgeEmotions(nothing, saying({ joy: 0.5, neutral: 0.5 }, { calibrations: rarelyRight }))).toEqual([
      { name: 'neutral', confidence: 0.5 },
    ]);
  });

  it('count what is counted for the sentiment, and how words begin', () => {
    const features: Features = { grams: Int32Array.of(1, 2), dense: Float32Array.of(0.5) };
    const of = (text: string) => emotionFeatures(tokensOf(text, new Set()), features);
    expect(of('scared').grams).toHaveLength(6);
    expect([...of('scared').grams.subarray(0, 4)]).toEqual([...of('scary').grams.subarray(0, 4)]);
    expect(of('scared').dense).toBe(features.dense);
  });
});
