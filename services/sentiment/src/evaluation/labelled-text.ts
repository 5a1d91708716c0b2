import { readFileSync } from 'node:fs';

/** A row of a labelled file: a text, what people say of it, and what the set adds. */
export interface LabelledText {
  readonly text: string;
  /** Empty where the set has none, but aspects */
  readonly label: string;
  /** Of the text, what is spoken of and how */
  readonly cats?: readonly (readonly [aspect: string, polarity: string])[];
  /** 1..5 */
  readonly rating?: number;
}

/** What cannot be used of a file, with its line. */
export class BadRow extends Error {
  override readonly name = 'BadRow';
}

/**
 * The rows of NDJSON, in their order.
 * @throws BadRow where a line is no JSON object with a `text`, and with a `label` or `cats`
 */
export function readLabelledTexts(file: string): LabelledText[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line, at): LabelledText[] => {
      if (line.trim() === '') return [];
      const where = `${file}, line ${at + 1}`;
      const row = parsed(line, where);
      if (typeof row !== 'object' || row === null || Array.isArray(row)) throw new BadRow(`${where}: not an object`);
      const { text, label, rating, cats } = row as Record<string, unknown>;
      if (typeof text !== 'string') throw new BadRow(`${where}: text must be a string`);
      if (cats !== undefined && !isAspects(cats)) throw new BadRow(`${where}: cats must be pairs of strings`);
      if (typeof label !== 'string' && cats === undefined) throw new BadRow(`${where}: label must be a string`);
      if (rating !== undefined && rating !== null && typeof rating !== 'number') {
        throw new BadRow(`${where}: rating must be a number`);
      }
      return [
        {
          text,
          label: typeof label === 'string' ? label : '',
          ...(cats !== undefined && { cats }),
          ...(typeof rating === 'number' && { rating }),
        },
      ];
    });
}

const isAspects = (value: unknown): value is LabelledText['cats'] & object =>
  Array.isArray(value) &&
  value.every((pair) => Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === 'string'));

function parsed(line: string, where: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new BadRow(`${where}: ${(error as Error).message}`, { cause: error });
  }
}
