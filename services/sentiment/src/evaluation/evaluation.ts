import type { Tagger } from '../domain/tagger.js';
import { BadRow, readLabelledTexts } from './labelled-text.js';
import { scoresOf, type Scores } from './scores.js';
import { speedOf, type Speed } from './speed.js';
import { taskOf, type TaskName } from './tasks.js';

export interface Evaluation extends Scores, Speed {
  readonly task: TaskName;
  readonly file: string;
}

export interface Asked {
  readonly task: TaskName;
  /** Only so many characters of each text; undefined: all */
  readonly first: number | undefined;
}

/** @throws BadRow where a file cannot be read as what the task asks for */
export function evaluate(tagger: Tagger, { task, first }: Asked, file: string): Evaluation {
  const { gold: goldOf, wanted, judge } = taskOf(task);
  const rows = readLabelledTexts(file).map((row) => ({ ...row, text: row.text.slice(0, first) }));
  if (rows.length === 0) throw new BadRow(`${file}: there is no text in it`);
  const golds = rows.map(({ label }, at) => {
    const gold = goldOf(label, file);
    if (gold === undefined)
      throw new BadRow(`${file}, row ${at + 1}: the task ${task} needs ${wanted}; it is "${label}"`);
    return gold;
  });
  const scores = scoresOf(rows.map((row, at) => ({ gold: golds[at]!, ...judge(tagger, row) })));
  return { task, file, ...scores, ...speedOf(rows, (row) => judge(tagger, row)) };
}
