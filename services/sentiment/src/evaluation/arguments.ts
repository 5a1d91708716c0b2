import { parseArgs } from 'node:util';
import { taskNames, type TaskName } from './tasks.js';

export interface Arguments {
  readonly files: readonly string[];
  readonly task: TaskName;
  /** Characters of each text */
  readonly first: number | undefined;
  readonly adapt: string | undefined;
  readonly folds: number | undefined;
  /** Packs; undefined: all that ship */
  readonly topics: readonly string[] | undefined;
  /** A folder whose sets are all judged, and the file that tells of it */
  readonly all: { readonly folder: string; readonly write: string } | undefined;
  readonly json: boolean;
  readonly compare: boolean;
}

/** What was asked for cannot be done, and why. */
export class BadArguments extends Error {
  override readonly name = 'BadArguments';
}

export const usage = `How good the tags are on labelled texts.

  npm run evaluate -- FILE… [--task sentiment|language|emotion|topic|intent] [--adapt FILE | --folds K] [--first N]
                                 [--topics PACK,…] [--compare] [--json]

  npm run evaluate -- --all DIR --write docs/accuracy.md

  FILE        NDJSON, a text a line: {"text": …, "label": …, "rating": 1-5 if there are stars}
  --task      what the labels say: sentiment (negative, neutral, positive), language (BCP 47), emotion (numbers of GoEmotions), topic
              (cats: [[aspect, polarity], …]; an aspect is the first level of a topic), or intent
  --adapt     learns from that file, over what ships, and judges the others; texts that are in both are not learned from
  --folds     learns from all but one of K parts of the same file, and judges that one; from nothing but the lexicon, as the set may have
              trained what ships
  --topics    packs of topics: names of those that ship, or files; default: all that ship
  --first     only the first N characters of each text
  --all       every set in DIR that there is a plan for; --write: the document that is made of it
  --compare   the packages that people use today, on the same texts in the same run
  --json      the last line is JSON: {task, n, accuracy, macroF1, ci95, ece, perClass, confusion, textsPerSecond,
              p99Microseconds} of the last file (microF1 where a text may have several labels, outOfScopeFound where there is "oos"), and \`files\` with those of all

Confidence intervals are of the macro-F1, by bootstrap. Speed is in texts a second of one core.
An abstention counts as wrong.
`;

/** @throws BadArguments, naming what is wrong */
export function argumentsOf(words: readonly string[]): Arguments | 'help' {
  const { values, positionals } = parsed(words);
  if (values.help) return 'help';
  const { all, write } = values;
  if ((all === undefined) !== (write === undefined)) throw new BadArguments('--all and --write go together');
  if (all === undefined && positionals.length === 0) throw new BadArguments('FILE is missing: at least one is needed');
  const task = taskNames.find((name) => name === values.task);
  if (!task) throw new BadArguments(`--task must be one of ${taskNames.join(', ')}; it is ${values.task}`);
  if (values.compare && task !== 'sentiment') throw new BadArguments('--compare is of the task sentiment only');
  const first = values.first === undefined ? undefined : Number(values.first);
  if (first !== undefined && !(Number.isInteger(first) && first > 0)) {
    throw new BadArguments(`--first must be a whole number of 1 or more; it is ${values.first}`);
  }
  const folds = values.folds === undefined ? undefined : Number(values.folds);
  if (folds !== undefined && !(Number.isInteger(folds) && folds > 1)) {
    throw new BadArguments(`--folds must be a whole number of 2 or more; it is ${values.folds}`);
  }
  if (folds !== undefined && values.adapt !== undefined)
    throw new BadArguments('--adapt and --folds exclude each other');
  if (task === 'language' && (folds ?? values.adapt) !== undefined) {
    throw new BadArguments('the task language does not learn: --adapt and --folds are of the others');
  }
  return {
    ...{ files: positionals, task, first, folds },
    all: all !== undefined && write !== undefined ? { folder: all, write } : undefined,
    ...{ adapt: values.adapt, topics: values.topics?.split(','), json: values.json, compare: values.compare },
  };
}

function parsed(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        task: { type: 'string', default: 'sentiment' },
        first: { type: 'string' },
        adapt: { type: 'string' },
        folds: { type: 'string' },
        topics: { type: 'string' },
        all: { type: 'string' },
        write: { type: 'string' },
        json: { type: 'boolean', default: false },
        compare: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false, short: 'h' },
      },
    });
  } catch (error) {
    throw new BadArguments((error as Error).message, { cause: error });
  }
}
