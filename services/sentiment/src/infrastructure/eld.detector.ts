import { eld } from 'eld/extrasmall';
import type { Detection } from '../domain/language/judge-language.js';

/** eld with its smallest model: 60 languages; its larger ones were no better on UMSAB's tweets. */
export function detectLanguage(words: string): Detection {
  const result = eld.detect(words);
  return { language: result.language, reliable: result.isReliable() };
}
