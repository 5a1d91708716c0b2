import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Injectable } from '@nestjs/common';
import { ConsoleConfig } from '../console.config.js';
import { WebPage, type WebFile } from '../domain/web-page.js';

const types: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
};
const suffixes = { br: '.br', gzip: '.gz' } as const;
/** The build writes it where a nonce is to stand. */
const nonceMark = '__CSP_NONCE__';

/** The page as it was built, all of it in memory: some hundred kilobytes, and a name that is not in it leads nowhere. */
@Injectable()
export class WebFiles extends WebPage {
  readonly #files = new Map<string, WebFile>();
  readonly #index: string;

  constructor({ webFolder }: ConsoleConfig) {
    super();
    const folder = webFolder ?? builtFolder();
    for (const name of existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : []) {
      const type = types[extname(name)];
      if (type === undefined) continue;
      const file = join(folder, name);
      const packed = (coding: keyof typeof suffixes) =>
        existsSync(file + suffixes[coding]) ? { [coding]: readFileSync(file + suffixes[coding]) } : {};
      this.#files.set(`/${name.split(sep).join('/')}`, {
        type,
        isImmutable: name.startsWith(`assets${sep}`),
        as: { identity: readFileSync(file), ...packed('br'), ...packed('gzip') },
      });
    }
    const index = join(folder, 'index.html');
    if (!existsSync(index)) throw new Error(`The page is not built, ${index} is not there: npm run build.`);
    this.#index = readFileSync(index, 'utf8');
  }

  override find(path: string): WebFile | undefined {
    return this.#files.get(path);
  }

  override index(nonce: string): string {
    return this.#index.replaceAll(nonceMark, nonce);
  }
}

/** From the sources, the compiled ones and the bundle alike. */
function builtFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return join(folder, 'dist', 'web');
}
