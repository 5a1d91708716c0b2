import { parseArgs } from 'node:util';
import { taskNames, type TaskName } from './tasks.js';

export interface Arguments {
  readonly files: readonly string[];
  readonly task: TaskName;
  /** Characters of each text */
  readonly first: number | undefined;
  readonly json: boolean;
  readonly compare: boolean;
}

/** What was asked for cannot be done, and why. */
export class BadArguments extends Error {
  override readonly name = 'BadArguments';
}

export const usage = `How good the tags are on labelled texts.

  npm run evaluate -- FILE… [--task sentiment|language] [--first N] [--compare] [--json]

  FILE        NDJSON, a text a line: {"text": …, "label": …, "rating": 1-5 if there are stars}
  --task      what the labels say: sentiment (negative, neutral, positive), or language (BCP 47)
  --first     only the first N characters of each text
  --compare   the packages that people use today, on the same texts in the same run
  --json      the last line is JSON: {task, n, accuracy, macroF1, ci95, ece, perClass, confusion, textsPerSecond,
              p99Microseconds} of the last file, and \`files\` with those of all

Confidence intervals are of the macro-F1, by bootstrap. Speed is in texts a second of one core.
An abstention counts as wrong.
`;

/** @throws BadArguments, naming what is wrong */
export function argumentsOf(words: readonly string[]): Arguments | 'help' {
  const { values, positionals } = parsed(words);
  if (values.help) return 'help';
  if (positionals.length === 0) throw new BadArguments('FILE is missing: at least one is needed');
  const task = taskNames.find((name) => name === values.task);
  if (!task) throw new BadArguments(`--task must be one of ${taskNames.join(', ')}; it is ${values.task}`);
  if (values.compare && task !== 'sentiment') throw new BadArguments('--compare is of the task sentiment only');
  const first = values.first === undefined ? undefined : Number(values.first);
  if (first !== undefined && !(Number.isInteger(first) && first > 0)) {
    throw new BadArguments(`--first must be a whole number of 1 or more; it is ${values.first}`);
  }
  return { files: positionals, task, first, json: values.json, compare: values.compare };
}

function parsed(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        task: { type: 'string', default: 'sentiment' },
        first: { type: 'string' },
        json: { type: 'boolean', default: false },
        compare: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false, short: 'h' },
      },
    });
  } catch (error) {
    throw new BadArguments((error as Error).message, { cause: error });
  }
}
