import { firstSettings } from '../../infrastructure/migrations/first-sla-settings.js';
import { readDocument, type SlaDocument } from './document.js';
import { CompiledSettings, versionOf } from './settings.js';
import { SlaBook } from './sla-book.js';

/** Settings as a document means them. */
export function settingsOf(document: SlaDocument, version = 1): CompiledSettings {
  const read = readDocument(document, version);
  if ('violations' in read) throw new Error(JSON.stringify(read.violations));
  return new CompiledSettings(read.settings);
}

/** A book of versions, the last of them active. */
export function bookOf(...documents: readonly SlaDocument[]): SlaBook {
  const versions = documents.map((document, index) => settingsOf(document, index + 1));
  return new (class extends SlaBook {
    override refresh(): Promise<void> {
      return Promise.resolve();
    }
    override get active(): CompiledSettings {
      return versions.at(-1)!;
    }
    override settingsOf(ref: string): CompiledSettings {
      return versions[versionOf(ref) - 1]!;
    }
  })();
}

/** What is seeded. */
export const firstBook = bookOf(firstSettings);
