import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EmotionModel } from '../domain/emotions/judge-emotions.js';
import type { LanguageModel } from '../domain/language/judge-language.js';
import type { NgramTable } from '../domain/language/ngram-detector.js';
import { quantised, type LinearModel } from '../domain/learning/linear-model.js';
import type { SentimentModel } from '../domain/sentiment/judge-sentiment.js';

/** What was trained, and ships: see model/README.md. */
export interface Models {
  /** Name and version, as the tags have it */
  readonly name: string;
  readonly language: LanguageModel;
  /** Of English */
  readonly sentiment: SentimentModel;
  /** Of German, French, Portuguese and Spanish */
  readonly otherSentiment: SentimentModel;
  readonly emotions: EmotionModel;
}

interface Header {
  readonly classes: readonly string[];
  readonly buckets: number;
  readonly dense: number;
  readonly scales: readonly number[];
  readonly denseWeights: readonly number[];
  readonly bias: readonly number[];
}

const lengthBytes = 4;

/** A model as a file: the length of a JSON header (uint32, little-endian), the header, then eight bits for each weight. */
export function encodeModel(model: LinearModel): Buffer {
  const { classes, buckets, dense, scales, denseWeights, bias, sparseWeights } = quantised(model);
  const header: Header = {
    ...{ classes, buckets, dense },
    scales: [...scales],
    denseWeights: [...denseWeights],
    bias: [...bias],
  };
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32LE(json.length);
  return Buffer.concat([length, json, Buffer.from(sparseWeights.buffer)]);
}

/** @throws where it is not a whole one */
export function decodeModel(file: Buffer): LinearModel {
  const from = lengthBytes + file.readUInt32LE();
  const header = JSON.parse(file.toString('utf8', lengthBytes, from)) as Header;
  const sparseWeights = new Int8Array(file.buffer, file.byteOffset + from, file.length - from);
  if (sparseWeights.length !== header.buckets * header.classes.length) throw new Error('a part of it is missing');
  return {
    ...header,
    sparseWeights,
    scales: Float32Array.from(header.scales),
    denseWeights: Float32Array.from(header.denseWeights),
    bias: Float32Array.from(header.bias),
  };
}

const listBytes = 4;

interface NgramHeader {
  readonly languages: readonly string[];
  readonly averages: readonly number[];
  readonly letters: readonly number[];
  readonly ngrams: number;
}

/** As a file: length and JSON header as a model has them; for each n-gram, four bytes of where its scores begin; the scores; the n-grams, a line each. */
export function encodeNgrams({ languages, averages, letters, ngrams, lists, scores }: NgramTable): Buffer {
  const header: NgramHeader = { languages, averages, letters: [...letters], ngrams: ngrams.length };
  const json = Buffer.from(JSON.stringify({ ...header, scores: scores.length }));
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32LE(json.length);
  const places = Buffer.alloc(listBytes * lists.length);
  lists.forEach((place, at) => places.writeUInt32LE(place, listBytes * at));
  return Buffer.concat([length, json, places, scores, Buffer.from(ngrams.join('\n'), 'latin1')]);
}

/** @throws where it is not a whole one */
export function decodeNgrams(file: Buffer): NgramTable {
  const from = lengthBytes + file.readUInt32LE();
  const header = JSON.parse(file.toString('utf8', lengthBytes, from)) as NgramHeader & { readonly scores: number };
  const scoresFrom = from + listBytes * header.ngrams;
  const ngramsFrom = scoresFrom + header.scores;
  const ngrams = file.toString('latin1', ngramsFrom).split('\n');
  if (ngrams.length !== header.ngrams) throw new Error('a part of it is missing');
  return {
    ...{ languages: header.languages, averages: header.averages, letters: Uint8Array.from(header.letters), ngrams },
    lists: Uint32Array.from(ngrams, (_, at) => file.readUInt32LE(from + listBytes * at)),
    scores: Uint8Array.from(file.subarray(scoresFrom, ngramsFrom)),
  };
}

interface Manifest {
  readonly name: string;
  readonly sentiment: { readonly temperature: number };
  readonly otherSentiment: { readonly temperature: number };
  readonly emotions: Omit<EmotionModel, 'linear'>;
}

/** @throws Error naming the folder, where a file is not there or not whole */
export function readModels(folder: string): Models {
  try {
    const manifest = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')) as Manifest;
    const linear = (name: string) => decodeModel(readFileSync(join(folder, `${name}.bin`)));
    return {
      name: manifest.name,
      language: { linear: linear('language') },
      sentiment: { linear: linear('sentiment'), ...manifest.sentiment },
      otherSentiment: { linear: linear('other-sentiment'), ...manifest.otherSentiment },
      emotions: { linear: linear('emotions'), ...manifest.emotions },
    };
  } catch (error) {
    throw new Error(`The model in ${folder} cannot be used: ${(error as Error).message}`, { cause: error });
  }
}

/** The files of models by their names; the same models give the same bytes. */
export function filesOf({ name, language, sentiment, otherSentiment, emotions }: Models): ReadonlyMap<string, Buffer> {
  const manifest: Manifest = {
    name,
    sentiment: { temperature: sentiment.temperature },
    otherSentiment: { temperature: otherSentiment.temperature },
    emotions: { calibrations: emotions.calibrations, thresholds: emotions.thresholds },
  };
  return new Map([
    ['language.bin', encodeModel(language.linear)],
    ['sentiment.bin', encodeModel(sentiment.linear)],
    ['other-sentiment.bin', encodeModel(otherSentiment.linear)],
    ['emotions.bin', encodeModel(emotions.linear)],
    ['model.json', Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)],
  ]);
}
