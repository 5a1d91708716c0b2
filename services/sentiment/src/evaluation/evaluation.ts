import type { Tagger } from '../domain/tagger.js';
import { BadRow, readLabelledTexts, type LabelledText } from './labelled-text.js';
import { adaptedJudge, foldedJudge, outOfScope, type Judge, type Learner } from './learned.js';
import { scoresOf, setScoresOf, type Scores } from './scores.js';
import { speedOf, type Speed } from './speed.js';
import { taskOf, type Said, type TaskName } from './tasks.js';

export interface Evaluation extends Scores, Speed {
  readonly task: TaskName;
  readonly file: string;
  /** Of a set with texts out of scope: the share of them that is less sure than all but 5 % of those in scope */
  readonly outOfScopeFound?: number;
}

export interface Asked {
  readonly task: TaskName;
  /** Only so many characters of each text; undefined: all */
  readonly first: number | undefined;
  /** A labelled file that is learned from */
  readonly adapt?: string | undefined;
  /** Learn from all but one of so many parts of the file, and judge that one */
  readonly folds?: number | undefined;
}

/** @throws BadRow where a file cannot be read as what the task asks for, or has nothing to learn from */
export function evaluate(tagger: Tagger, asked: Asked, file: string, learner: Learner): Evaluation {
  const { task, first } = asked;
  const rows = readLabelledTexts(file).map((row) => ({ ...row, text: row.text.slice(0, first) }));
  if (rows.length === 0) throw new BadRow(`${file}: there is no text in it`);
  const learns = asked.adapt !== undefined || asked.folds !== undefined;
  // What is learned from labels is judged by labels.
  const { several, golds: goldsOf, wanted } = taskOf(task === 'topic' && learns ? 'intent' : task);
  const golds = rows.map((row, at) => {
    const gold = goldsOf(row, file);
    if (gold) return gold;
    throw new BadRow(`${file}, row ${at + 1}: the task ${task} needs ${wanted}; it is "${row.label}"`);
  });
  const judge = judgeOf(tagger, asked, rows, file, learner);
  const saids = rows.map(judge);
  const scores = several
    ? setScoresOf(saids.map((said, at) => ({ golds: golds[at]!, saids: said })))
    : scoresOf(
        saids.map((said, at) => {
          const [label, confidence] = [...said][0]!;
          return { gold: [...golds[at]!][0]!, said: label, confidence };
        }),
      );
  const found = learns && golds.some((gold) => gold.has(outOfScope)) ? outOfScopeFound(golds, saids) : undefined;
  return {
    task,
    file,
    ...scores,
    ...(found !== undefined && { outOfScopeFound: found }),
    ...speedOf(rows, judge),
  };
}

function judgeOf(
  tagger: Tagger,
  { task, adapt, folds }: Asked,
  rows: readonly LabelledText[],
  file: string,
  learner: Learner,
): Judge {
  const { judge } = taskOf(task);
  try {
    if (adapt !== undefined) return adaptedJudge(task, readLabelledTexts(adapt), rows, learner);
    if (folds !== undefined) return foldedJudge(task, rows, folds, { lexicon: learner.lexicon });
  } catch (error) {
    if (error instanceof RangeError) throw new BadRow(`${adapt ?? file}: ${error.message}`, { cause: error });
    throw error;
  }
  return (row) => judge(tagger, row);
}

/** So many of those in scope must be kept. */
const kept = 0.95;

/** By how sure it is that a text is in scope: how sure a label in scope is, and not at all where it is said to be out of it. */
function outOfScopeFound(golds: readonly ReadonlySet<string>[], saids: readonly Said[]): number {
  const sureness = saids.map((said) => {
    const [label, confidence] = [...said][0]!;
    return label === outOfScope ? -confidence : confidence;
  });
  const inScope = sureness.filter((_, at) => !golds[at]!.has(outOfScope)).sort((one, other) => one - other);
  const least = inScope[Math.floor(inScope.length * (1 - kept))]!;
  const out = sureness.filter((_, at) => golds[at]!.has(outOfScope));
  return out.filter((sure) => sure < least).length / out.length;
}
