/**
 * The thresholds and shares that stand in src/domain/sentiment-label.ts, made of labelled texts. Nothing of the data stays here.
 *
 *   npm run fit-lexicon -w @closeloop/sentiment -- --data DIR
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { scoreOf, weigh } from './dist/domain/lexicon-score.js';
import { afinnLexicon } from './dist/infrastructure/afinn.lexicon.js';

const { values } = parseArgs({ options: { data: { type: 'string' } } });
if (!values.data) {
  console.error('Usage: npm run fit-lexicon -w @closeloop/sentiment -- --data DIR');
  process.exit(2);
}

const labels = ['negative', 'neutral', 'positive'];
/** Sets that may train what is shipped, nearest to what customers write. Those of VADER call hardly anything neutral. */
const fitWeight = { umsab_english: 3, vader_tweets: 1, vader_amazonReviewSnippets: 1 };
/** Labelled in three classes that mean what ours do. */
const calibrated = ['umsab_english', 'goemotions'];
/** GoEmotions' own grouping; confusion, curiosity, realization and surprise belong to neither side. */
const emotionLabels = {
  positive: [0, 1, 4, 5, 8, 13, 15, 17, 18, 20, 21, 23],
  negative: [2, 3, 9, 10, 11, 12, 14, 16, 19, 24, 25],
  neutral: [27],
};
const ofEmotions = ({ text, label }) => {
  const found = String(label).split(',').map(Number);
  return { text, label: labels.find((name) => found.every((emotion) => emotionLabels[name].includes(emotion))) };
};

const load = (set) => {
  const file = join(values.data, `${set}.jsonl`);
  if (!existsSync(file)) return [];
  const rows = readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  return (set === 'goemotions' ? rows.map(ofEmotions) : rows).filter(({ label }) => labels.includes(label));
};

/** By the text, so that a text and its repetition lie on the same side. */
const isFitHalf = ({ text }) =>
  (createHash('sha256').update(text.toLowerCase().replace(/\s+/g, ' ').trim()).digest()[0] ?? 0) % 2 === 0;

const macroF1 = (pairs) => {
  const f1 = labels.map((label) => {
    const hit = pairs.filter(([gold, said]) => gold === label && said === label).length;
    const wrong = pairs.filter(([gold, said]) => (gold === label) !== (said === label)).length;
    return hit === 0 ? 0 : (2 * hit) / (2 * hit + wrong);
  });
  return f1.reduce((sum, value) => sum + value, 0) / labels.length;
};

const score = ({ text }) => {
  const { weights, words } = weigh(text, afinnLexicon);
  return weights.length === 0 ? 0 : scoreOf(weights, words);
};
const labelAt = (value, negativeBelow, positiveFrom) =>
  value < negativeBelow ? 'negative' : value >= positiveFrom ? 'positive' : 'neutral';

const halves = [...Object.keys(fitWeight), 'goemotions'].map((set) => ({
  set,
  fit: load(set)
    .filter(isFitHalf)
    .map((row) => [row.label, score(row)]),
  check: load(set)
    .filter((row) => !isFitHalf(row))
    .map((row) => [row.label, score(row)]),
}));
let best = { mean: -1, negativeBelow: 0, positiveFrom: 0 };
for (let negative = -50; negative <= 0; negative += 5) {
  for (let positive = 5; positive <= 55; positive += 5) {
    let mean = 0;
    for (const { set, fit } of halves.filter(({ set }) => set in fitWeight)) {
      mean +=
        (fitWeight[set] / 5) * macroF1(fit.map(([gold, s]) => [gold, labelAt(s, negative / 100, positive / 100)]));
    }
    if (mean > best.mean) best = { mean, negativeBelow: negative / 100, positiveFrom: positive / 100 };
  }
}
console.log('thresholds', best);
// Each set counts alike within a bin, so that the largest does not speak for all
const shares = {};
for (const { check } of halves.filter(({ set }) => calibrated.includes(set))) {
  const bins = {};
  for (const [gold, s] of check) {
    const label = labelAt(s, best.negativeBelow, best.positiveFrom);
    const bin = s === 0 ? 'nothing' : `${label} ${Math.min(3, Math.floor(Math.abs(s) * 4))}`;
    (bins[bin] ??= []).push(gold === label ? 1 : 0);
  }
  for (const [bin, hits] of Object.entries(bins)) {
    if (hits.length >= 20) (shares[bin] ??= []).push(hits.reduce((a, b) => a + b, 0) / hits.length);
  }
}
for (const bin of Object.keys(shares).sort()) {
  const of = shares[bin];
  console.log(
    'share right',
    bin,
    (of.reduce((a, b) => a + b, 0) / of.length).toFixed(2),
    `(${of.map((x) => x.toFixed(2))})`,
  );
}
