import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LinearModel } from '../domain/learning/linear-model.js';
import type { PairedTest } from '../domain/learning/paired-test.js';
import type { KeptModel } from '../domain/own/model-store.js';
import type { OwnModel, OwnParts } from '../domain/own/own-model.js';
import { sentimentClasses } from '../domain/sentiment/judge-sentiment.js';
import { decodeModel, encodeModel } from './model-files.js';

/** A part by its name, `topics/` before that of a topic. */
export type EncodedParts = ReadonlyMap<string, Buffer>;

const topicPrefix = 'topics/';

export function encodeParts({ sentiment, intents, topics }: OwnParts): EncodedParts {
  return new Map([
    ...(sentiment ? [['sentiment', encodeModel(sentiment)] as const] : []),
    ...(intents ? [['intents', encodeModel(intents)] as const] : []),
    ...[...(topics ?? [])].map(([name, model]) => [topicPrefix + name, encodeModel(model)] as const),
  ]);
}

/** @throws where one of them is not whole, or has other classes */
export function decodeParts(encoded: EncodedParts): OwnParts {
  const parts: { sentiment?: LinearModel; intents?: LinearModel; topics?: Map<string, LinearModel> } = {};
  for (const [name, bytes] of encoded) {
    const linear = decodeModel(bytes);
    if (name.startsWith(topicPrefix)) (parts.topics ??= new Map()).set(name.slice(topicPrefix.length), linear);
    else if (name === 'intents') parts.intents = linear;
    else if (name !== 'sentiment') throw new Error(`there is no part ${name}`);
    else if (linear.classes.join() === sentimentClasses.join()) parts.sentiment = linear;
    else throw new Error(`its classes are ${linear.classes.join()}`);
  }
  return parts;
}

/** @throws as decodeParts does */
export const ownModelOf = ({ version, parts }: KeptModel): OwnModel => ({ version, ...decodeParts(parts) });

/** The same parts over the same base have the same version: 8 hexadecimal digits. */
export function versionOf(base: string, encoded: EncodedParts): string {
  const hash = createHash('sha256').update(base);
  for (const name of [...encoded.keys()].sort()) hash.update(`\0${name}\0`).update(encoded.get(name)!);
  return hash.digest('hex').slice(0, 8);
}

/** What stands beside a company's own model in a folder. */
interface OwnManifest {
  readonly version: string;
  /** The model that ships over which it was learned */
  readonly base: string;
  /** How many it learned from */
  readonly texts: number;
  readonly heldBack: PairedTest;
}

/** Writes a sentiment of one's own into a folder of its own, named by its version. @returns that folder */
export function writeOwnModel(
  folder: string,
  sentiment: LinearModel,
  about: Omit<OwnManifest, 'version'>,
): { folder: string; version: string } {
  const encoded = encodeParts({ sentiment });
  const version = versionOf(about.base, encoded);
  const own = join(folder, version);
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, 'sentiment.bin'), encoded.get('sentiment')!);
  writeFileSync(join(own, 'own.json'), `${JSON.stringify({ version, ...about }, null, 2)}\n`);
  return { folder: own, version };
}

/** @throws Error naming the folder, where it is not whole */
export function readOwnModel(folder: string): KeptModel {
  try {
    const { version, base } = JSON.parse(readFileSync(join(folder, 'own.json'), 'utf8')) as OwnManifest;
    const kept = { version, base, parts: new Map([['sentiment', readFileSync(join(folder, 'sentiment.bin'))]]) };
    decodeParts(kept.parts);
    return kept;
  } catch (error) {
    throw new Error(`The model in ${folder} cannot be used: ${(error as Error).message}`, { cause: error });
  }
}
