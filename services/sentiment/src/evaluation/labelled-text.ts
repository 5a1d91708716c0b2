import { readFileSync } from 'node:fs';

/** A row of a labelled file: a text, what people say of it, and what the set adds. */
export interface LabelledText {
  readonly text: string;
  readonly label: string;
  /** 1..5 */
  readonly rating?: number;
}

/** What cannot be used of a file, with its line. */
export class BadRow extends Error {
  override readonly name = 'BadRow';
}

/**
 * The rows of NDJSON, in their order.
 * @throws BadRow where a line is no JSON object with a `text` and a `label`
 */
export function readLabelledTexts(file: string): LabelledText[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line, at): LabelledText[] => {
      if (line.trim() === '') return [];
      const where = `${file}, line ${at + 1}`;
      const row = parsed(line, where);
      if (typeof row !== 'object' || row === null || Array.isArray(row)) throw new BadRow(`${where}: not an object`);
      const { text, label, rating } = row as Record<string, unknown>;
      if (typeof text !== 'string') throw new BadRow(`${where}: text must be a string`);
      if (typeof label !== 'string') throw new BadRow(`${where}: label must be a string`);
      if (rating === undefined || rating === null) return [{ text, label }];
      if (typeof rating !== 'number') throw new BadRow(`${where}: rating must be a number`);
      return [{ text, label, rating }];
    });
}

function parsed(line: string, where: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new BadRow(`${where}: ${(error as Error).message}`, { cause: error });
  }
}
