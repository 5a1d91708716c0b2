import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LinearModel } from '../domain/learning/linear-model.js';
import { sentimentClasses } from '../domain/sentiment/judge-sentiment.js';
import type { PairedTest } from '../domain/sentiment/adapt-sentiment.js';
import type { OwnSentiment } from '../domain/model-tagger.js';
import { decodeModel, encodeModel } from './model-files.js';

/** What stands beside a company's own model. */
interface OwnManifest {
  readonly version: string;
  /** The model that ships over which it was learned */
  readonly base: string;
  /** How many it learned from */
  readonly texts: number;
  readonly heldBack: PairedTest;
}

/** Writes it into a folder of its own, named by its version. @returns that folder */
export function writeOwnModel(
  folder: string,
  linear: LinearModel,
  about: Omit<OwnManifest, 'version'>,
): { folder: string; version: string } {
  const bytes = encodeModel(linear);
  const version = createHash('sha256').update(bytes).update(about.base).digest('hex').slice(0, 8);
  const own = join(folder, version);
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, 'sentiment.bin'), bytes);
  writeFileSync(join(own, 'own.json'), `${JSON.stringify({ version, ...about }, null, 2)}\n`);
  return { folder: own, version };
}

/**
 * @param base the model that ships
 * @throws Error naming the folder, where it is not whole, or was learned over another model than the one that ships
 */
export function readOwnModel(folder: string, base: string): OwnSentiment {
  try {
    const manifest = JSON.parse(readFileSync(join(folder, 'own.json'), 'utf8')) as OwnManifest;
    if (manifest.base !== base) throw new Error(`it was learned over ${manifest.base}, and ${base} ships: adapt again`);
    const linear = decodeModel(readFileSync(join(folder, 'sentiment.bin')));
    if (linear.classes.join() !== sentimentClasses.join()) throw new Error(`its classes are ${linear.classes.join()}`);
    return { version: manifest.version, linear };
  } catch (error) {
    throw new Error(`The model in ${folder} cannot be used: ${(error as Error).message}`, { cause: error });
  }
}
