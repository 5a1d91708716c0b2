import { eld } from 'eld/extrasmall';
import type { Detection } from '../domain/language.js';

/** eld with its smallest model: 60 languages, 85 MB resident; its larger ones were no better on UMSAB's tweets. */
export function detectLanguage(words: string): Detection {
  const result = eld.detect(words);
  let best: Detection['scores'][number] | undefined;
  let second: typeof best;
  for (const [language, score] of Object.entries(result.getScores())) {
    if (!best || score > best.score) [best, second] = [{ language, score }, best];
    else if (!second || score > second.score) second = { language, score };
  }
  return {
    language: result.language,
    reliable: result.isReliable(),
    scores: [best, second].filter((each) => each !== undefined),
  };
}
