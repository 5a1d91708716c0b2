import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the service's own files lie, from the sources, the compiled ones and the bundle alike. */
function findFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json')) || !existsSync(join(folder, 'model'))) {
    const above = dirname(folder);
    if (above === folder) throw new Error('services/sentiment/model is not there: npm run train makes it.');
    folder = above;
  }
  return folder;
}

export const serviceFolder = findFolder();

export const modelFolder = join(serviceFolder, 'model');
export const packFolder = join(serviceFolder, 'packs');

/** Of the service's package */
export const release = (JSON.parse(readFileSync(join(serviceFolder, 'package.json'), 'utf8')) as { version: string })
  .version;
