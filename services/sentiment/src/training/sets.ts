import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The sets that may train what ships, by their licences. Others are not read here. */
export const permissiveSets = [
  { file: 'vader_tweets.jsonl', name: 'VADER tweets', licence: 'MIT' },
  { file: 'vader_amazonReviewSnippets.jsonl', name: 'VADER Amazon review snippets', licence: 'MIT' },
  { file: 'vader_movieReviewSnippets.jsonl', name: 'VADER movie review snippets', licence: 'MIT' },
  { file: 'vader_nytEditorialSnippets.jsonl', name: 'VADER NYT editorial snippets', licence: 'MIT' },
  { file: 'umsab_english.jsonl', name: 'UMSAB English', licence: 'Apache-2.0' },
  { file: 'umsab_german.jsonl', name: 'UMSAB German', licence: 'Apache-2.0' },
  { file: 'umsab_spanish.jsonl', name: 'UMSAB Spanish', licence: 'Apache-2.0' },
  { file: 'umsab_french.jsonl', name: 'UMSAB French', licence: 'Apache-2.0' },
  { file: 'umsab_portuguese.jsonl', name: 'UMSAB Portuguese', licence: 'Apache-2.0' },
  { file: 'goemotions.jsonl', name: 'GoEmotions', licence: 'Apache-2.0' },
] as const;

export type SetFile = (typeof permissiveSets)[number]['file'];

export interface SetRow {
  readonly text: string;
  readonly label: string;
  /** VADER: the mean of ten raters, -4..4 */
  readonly mean?: number;
}

/** UMSAB writes some characters as `\u2019`. */
const unescaped = (text: string): string =>
  text.replaceAll(/\\u([0-9a-f]{4})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** @throws where the file is not there, or a line is not JSON */
export function readSet(folder: string, file: SetFile): SetRow[] {
  return readFileSync(join(folder, file), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const row = JSON.parse(line) as SetRow;
      return { ...row, text: unescaped(row.text) };
    });
}
