import { emotionNames, type Emotion } from '@closeloop/contracts';
import { calibrated, type Calibration } from '../learning/calibration.js';
import { logitsOf, softmax, type Features, type LinearModel } from '../learning/linear-model.js';
import { withBeginnings } from '../text/grams.js';
import type { Token } from '../text/tokens.js';

/** Its classes are `emotionNames`, in their order. */
export interface EmotionModel {
  readonly linear: LinearModel;
  /** By class, from its share of the softmax to how often it holds */
  readonly calibrations: readonly Calibration[];
  /** By class: the confidence from which on the emotion is said */
  readonly thresholds: readonly number[];
}

/** Letters of the beginnings of words that are counted. */
const beginnings = [3, 6] as const;

/**
 * What is counted of a text for its emotions: what is for its sentiment, and how its words begin. Words of rare emotions come in few of
 * their forms in what there is to learn from.
 */
export const emotionFeatures = (tokens: readonly Token[], { grams, dense }: Features): Features => ({
  grams: withBeginnings(grams, tokens, beginnings),
  dense,
});

const three = (value: number): number => Math.round(value * 1000) / 1000;

/**
 * Ekman's six and neutral: those whose confidence reaches their threshold, the likeliest first; that one in any case.
 * @param features as emotionFeatures has them
 */
export function judgeEmotions(features: Features, { linear, calibrations, thresholds }: EmotionModel): Emotion[] {
  const sure = new Float64Array(emotionNames.length);
  logitsOf(linear, features, sure);
  softmax(sure);
  for (let k = 0; k < sure.length; k += 1) sure[k] = calibrated(sure[k]!, calibrations[k]!);
  const likeliest = sure.indexOf(Math.max(...sure));
  const said: Emotion[] = [];
  emotionNames.forEach((name, k) => {
    if (k === likeliest || sure[k]! >= thresholds[k]!) said.push({ name, confidence: three(sure[k]!) });
  });
  return said.sort((one, other) => other.confidence - one.confidence);
}
