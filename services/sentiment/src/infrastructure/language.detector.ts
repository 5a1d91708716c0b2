import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Detection } from '../domain/language/judge-language.js';
import { NgramDetector } from '../domain/language/ngram-detector.js';
import { decodeNgrams } from './model-files.js';
import { modelFolder } from './shipped-files.js';

const detector = new NgramDetector(decodeNgrams(readFileSync(join(modelFolder, 'languages.bin'))));

/** eld with its smallest table: 60 languages; its larger ones were no better on UMSAB's tweets. */
export const detectLanguage = (words: string): Detection => detector.detect(words);
