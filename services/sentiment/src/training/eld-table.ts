import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { NgramTable } from '../domain/language/ngram-detector.js';

interface EldTable {
  readonly languages: Readonly<Record<number, string>>;
  /** By language, less than what counts by `leastScore` of the detector */
  readonly ngrams: Readonly<Record<string, Readonly<Record<number, number>>>>;
}

const firstByte = 128;

/** The smallest of eld's tables, from the package, which does not export it. */
export async function eldTable(): Promise<NgramTable> {
  const folder = (createRequire(import.meta.url).resolve.paths('eld') ?? [])
    .map((modules) => join(modules, 'eld', 'src'))
    .find((source) => existsSync(source));
  if (folder === undefined) throw new Error('the package eld is not installed');
  const read = async <T>(file: string): Promise<T> =>
    (await import(pathToFileURL(join(folder, file)).href)) as unknown as T;
  const { ngramsData } = await read<{ ngramsData: EldTable }>('ngrams/extrasmall.js');
  const { avgScore } = await read<{ avgScore: Readonly<Record<string, number>> }>('avgScore.js');
  const { dictionary } = await read<{ dictionary: readonly string[] }>('dictionary.js');
  const languages = Object.values(ngramsData.languages);
  const places = new Map<string, number>();
  const scores: number[] = [];
  const ngrams = Object.entries(ngramsData.ngrams);
  const lists = ngrams.map(([, told]) => {
    const list = Object.entries(told).flatMap(([language, score]) => [Number(language), score]);
    const key = list.join(' ');
    const known = places.get(key);
    if (known !== undefined) return known;
    const place = scores.length;
    places.set(key, place);
    scores.push(list.length / 2, ...list);
    return place;
  });
  return {
    languages,
    averages: languages.map((language) => avgScore[language]!),
    letters: Uint8Array.from(dictionary.slice(firstByte), (letter) => letter.charCodeAt(0)),
    ngrams: ngrams.map(([ngram]) => ngram),
    lists: Uint32Array.from(lists),
    scores: Uint8Array.from(scores),
  };
}
