import { parseArgs } from 'node:util';

export interface DemoArguments {
  /** NDJSON or CSV to replay; without it the demo's own pack */
  file?: string;
  /** Rows of the file at the most */
  limit?: number;
  /** One JSON object as the last line of stdout */
  json: boolean;
  /** Goes on running when all is told, until it is stopped */
  keep: boolean;
  /** Only says what there is */
  help: boolean;
}

export const usage = `npm run demo -- [--file F [--limit N]] [--json] [--keep]

  --file F    replays NDJSON or CSV instead of the demo's own pack
  --limit N   rows of the file at the most
  --json      one JSON object as the last line
  --keep      goes on running when all is told, with links to look around, until Ctrl-C`;

/** Throws an Error that names the option and the rule. */
export function readArguments(argv: readonly string[]): DemoArguments {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      file: { type: 'string' },
      limit: { type: 'string' },
      json: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const limit = values.limit === undefined ? undefined : Number(values.limit);
  if (limit !== undefined && !(Number.isInteger(limit) && limit > 0)) {
    throw new Error(`--limit must be a whole number above 0, not ${JSON.stringify(values.limit)}`);
  }
  if (limit !== undefined && values.file === undefined) throw new Error('--limit goes with --file');
  return { file: values.file, limit, json: values.json, keep: values.keep, help: values.help };
}
