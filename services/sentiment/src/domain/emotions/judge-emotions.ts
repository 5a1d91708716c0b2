import { emotionNames, type Emotion, type EmotionName } from '@closeloop/contracts';
import { logitsOf, softmax, type Features, type LinearModel } from '../learning/linear-model.js';

/** Its classes are `emotionNames`, in their order. */
export interface EmotionModel {
  readonly linear: LinearModel;
  /** By class: the share from which on the emotion is said */
  readonly thresholds: readonly number[];
}

const three = (value: number): number => Math.round(value * 1000) / 1000;

/** Ekman's six and neutral: those whose share reaches their threshold, the likeliest first; that one in any case. */
export function judgeEmotions(features: Features, { linear, thresholds }: EmotionModel): Emotion[] {
  const shares = new Float64Array(emotionNames.length);
  logitsOf(linear, features, shares);
  softmax(shares);
  const likeliest = shares.indexOf(Math.max(...shares));
  return emotionNames
    .map((name: EmotionName, k) => ({ name, k, confidence: three(shares[k]!) }))
    .filter(({ k }) => k === likeliest || shares[k]! >= thresholds[k]!)
    .sort((one, other) => other.confidence - one.confidence)
    .map(({ name, confidence }) => ({ name, confidence }));
}
