import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Asked, Evaluation } from './evaluation.js';
import type { TaskName } from './tasks.js';

interface Plan {
  readonly file: string;
  readonly task: TaskName;
  readonly adapt?: string;
  readonly folds?: number;
  readonly first?: number;
  /** Whether texts of it trained what ships; then only parts that were left out say how good it is */
  readonly trained?: boolean;
  /** What must be reached, in words */
  readonly floor?: string;
}

const languages = ['english', 'german', 'french', 'spanish', 'portuguese'] as const;
const floors = { english: '.54', german: '.61', french: '.56', spanish: '.52', portuguese: '.56' } as const;

const plans: readonly Plan[] = [
  { file: 'airline', task: 'sentiment', floor: 'macro-F1 .58' },
  { file: 'vu3000', task: 'sentiment', floor: 'macro-F1 .61' },
  { file: 'airline', task: 'sentiment', folds: 5, floor: 'accuracy .82, macro-F1 .76' },
  ...languages.map((language): Plan => ({
    ...{ file: `umsab_${language}`, task: 'sentiment', folds: 5 },
    floor: `macro-F1 ${floors[language]}`,
  })),
  { file: 'absa_restaurants', task: 'topic', floor: 'micro-F1 .40' },
  { file: 'goemotions', task: 'emotion', folds: 5, floor: 'macro-F1 .47' },
  { file: 'banking77', task: 'intent', folds: 5, floor: 'accuracy .91' },
  { file: 'clinc150', task: 'intent', folds: 5, floor: 'out of scope found .50' },
  ...languages.map((language): Plan => ({ file: `umsab_${language}`, task: 'language', trained: true, floor: '.95' })),
  ...languages.map((language): Plan => ({
    file: `umsab_${language}`,
    task: 'language',
    trained: true,
    first: 20,
    floor: '.75',
  })),
];

const share = (value: number): string => value.toFixed(3).replace(/^0/, '');

const howOf = ({ folds, first, trained }: Plan): string =>
  [
    folds === undefined ? (trained ? 'as it ships; it has trained' : 'as it ships') : `${folds} parts`,
    ...(first === undefined ? [] : [`first ${first} characters`]),
  ].join(', ');

const rowOf = (plan: Plan, evaluation: Evaluation): string => {
  const { n, accuracy, microF1, macroF1, ci95, ece, outOfScopeFound, textsPerSecond } = evaluation;
  const other = [
    ...(microF1 === undefined ? [] : [`micro-F1 ${share(microF1)}`]),
    ...(outOfScopeFound === undefined ? [] : [`out of scope found ${share(outOfScopeFound)}`]),
  ].join(' ');
  // Of one language in a file the macro-F1 says nothing that the accuracy does not say.
  const f1 = plan.task === 'language' ? '' : `${share(macroF1)} (${ci95.map(share).join('–')})`;
  const cells = [
    plan.file,
    plan.task,
    howOf(plan),
    n.toLocaleString('en'),
    share(accuracy),
    f1,
    other,
    share(ece),
    plan.floor ?? '',
    textsPerSecond.toLocaleString('en'),
  ];
  return `| ${cells.join(' | ')} |`;
};

const mostWeak = 8;

/** The classes that it finds worst, of those with 20 texts or more. */
const weakOf = ({ perClass }: Evaluation): string =>
  Object.entries(perClass)
    .filter(([, { support }]) => support >= 20)
    .sort(([, one], [, other]) => one.f1 - other.f1)
    .slice(0, mostWeak)
    .map(
      ([name, { precision, recall, f1, support }]) =>
        `${name} ${share(f1)} (precision ${share(precision)}, recall ${share(recall)}, ${support} texts)`,
    )
    .join('; ');

/**
 * docs/accuracy.md: every set in a folder that there is a plan for.
 * @param evaluateAs evaluates one file
 */
export function accuracyDocument(
  folder: string,
  model: string,
  evaluateAs: (file: string, asked: Asked) => Evaluation,
  say: (line: string) => void,
): string {
  const rows: string[] = [];
  const weak: string[] = [];
  for (const plan of plans) {
    const file = join(folder, `${plan.file}.jsonl`);
    if (!existsSync(file)) continue;
    const { task, first, folds } = plan;
    const evaluation = evaluateAs(file, { task, first, folds });
    rows.push(rowOf(plan, evaluation));
    if (task !== 'language') weak.push(`- **${plan.file}, ${task}, ${howOf(plan)}:** ${weakOf(evaluation)}`);
    say(rows.at(-1)!);
  }
  return [
    '# How right the tags are',
    '',
    `Made by \`npm run evaluate -- --all DIR --write docs/accuracy.md\`, not by hand. Model \`${model}\`.`,
    '',
    'Sets that trained what ships are judged in parts: each by what was learned from the others, and from nothing else. The language model was',
    'trained on all of UMSAB, so its rows say how well it remembers; on parts that were left out it was .995 for whole texts and .94 for the',
    'first 20 characters. Sets without “parts” never trained anything. An abstention counts as wrong. `mixed` counts by the sign of its score.',
    'Intervals are 95 %, of the macro-F1. ECE: expected calibration error, 15 bins. Speed: of one core of the machine that made this.',
    '',
    '| set | task | how | texts | accuracy | macro-F1 | | ECE | asked | texts/s |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
    '## What it does worst',
    '',
    'The classes with the lowest F1, of those with 20 texts or more:',
    '',
    ...weak,
    '',
  ].join('\n');
}
