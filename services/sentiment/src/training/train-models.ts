import { createHash } from 'node:crypto';
import type { Lexicon } from '../domain/sentiment/lexicon.js';
import { filesOf } from '../infrastructure/model-files.js';
import { permissiveSets, readSet, type SetFile } from './sets.js';
import { trainEmotions } from './train-emotions.js';
import { trainLanguage, type ModelLanguage } from './train-language.js';
import { otherLanguages, otherSets, trainOtherSentiment, trainSentiment } from './train-sentiment.js';

/** What goes into services/sentiment/model/. */
export interface TrainedModels {
  /** With the beginning of a hash of all that was learned as version */
  readonly name: string;
  readonly files: ReadonlyMap<string, Buffer>;
}

/**
 * Trains all that ships from the permissive sets in a folder. The same sets give the same bytes.
 * @throws where a set is missing
 */
export function trainModels(data: string, lexicon: Lexicon, say: (line: string) => void): TrainedModels {
  const english = trainSentiment(data, lexicon, say);
  const other = trainOtherSentiment(data, lexicon);
  say(`other languages: temperature ${other.model.temperature}`);
  const textsOf = (language: ModelLanguage, file: SetFile) =>
    readSet(data, file).map(({ text }) => ({ text, language }));
  const models = {
    language: trainLanguage([
      ...textsOf('en', 'umsab_english.jsonl'),
      ...otherLanguages.flatMap((language) => textsOf(language, otherSets[language])),
    ]),
    sentiment: english.model,
    otherSentiment: other.model,
    emotions: trainEmotions(readSet(data, 'goemotions.jsonl'), lexicon),
  };
  const digest = createHash('sha256');
  for (const file of filesOf({ name: '', ...models }).values()) digest.update(file);
  const name = `closeloop-linear@${digest.digest('hex').slice(0, 8)}`;
  const texts: Readonly<Record<string, number>> = { ...english.texts, ...other.texts };
  const sets = permissiveSets.map(({ file, name: set, licence }) => ({ file, name: set, licence, texts: texts[file] }));
  return {
    name,
    files: new Map([...filesOf({ name, ...models }), ['sets.json', Buffer.from(`${JSON.stringify(sets, null, 2)}\n`)]]),
  };
}
