import { parseArgs } from 'node:util';
import { pairedTest, significance } from './domain/learning/paired-test.js';
import { normalisedText, partOf } from './domain/learning/text-classifier.js';
import { ModelTagger } from './domain/model-tagger.js';
import { adaptSentiment } from './domain/sentiment/adapt-sentiment.js';
import { sentimentClasses } from './domain/sentiment/judge-sentiment.js';
import { labelOfThree } from './domain/sentiment/sentiment-of-shares.js';
import type { Token } from './domain/text/tokens.js';
import { BadRow, readLabelledTexts, type LabelledText } from './evaluation/labelled-text.js';
import { detectLanguage } from './infrastructure/language.detector.js';
import { writeOwnModel } from './infrastructure/own-model.js';
import { shippedKnowledge } from './infrastructure/shipped-knowledge.js';

/** `closeloop adapt`: a company's own sentiment, kept only where it is better on texts that it has not seen. */
/** Each is held back once, and judged by what was learned from the others. */
const parts = 5;

const print = (line: string) => process.stdout.write(`${line}\n`);

function checked(rows: readonly LabelledText[], file: string): readonly LabelledText[] {
  const labels: readonly string[] = sentimentClasses;
  rows.forEach(({ label }, at) => {
    if (!labels.includes(label)) {
      throw new BadRow(`${file}, row ${at + 1}: label must be one of ${labels.join(', ')}; it is "${label}"`);
    }
  });
  for (const name of labels) {
    if (!rows.some(({ label }) => label === name)) throw new BadRow(`${file}: there is no text with the label ${name}`);
  }
  return rows;
}

/** @returns the exit code */
function adapt(file: string, out: string): number {
  const knowledge = shippedKnowledge([]);
  const shipped = new ModelTagger(knowledge, detectLanguage);
  const baseOf = (tokens: readonly Token[]) => shipped.baseOf(tokens);
  const rows = checked(readLabelledTexts(file), file);
  const pairs = Array.from({ length: parts }, (_, part) => {
    const learned = checked(
      rows.filter(({ text }) => partOf(text, parts) !== part),
      `${file}, but for the fifth that is held back`,
    );
    const tried = adaptSentiment(learned, knowledge.lexicon, baseOf);
    return rows
      .filter(({ text }) => partOf(text, parts) === part)
      .map(({ text, label }): [before: boolean, after: boolean] => {
        const { sentiment } = shipped.tag({ text } as Parameters<typeof shipped.tag>[0]);
        const shares = [...tried.shares(text)];
        const said = tried.model.classes[shares.indexOf(Math.max(...shares))];
        return [sentiment !== undefined && labelOfThree(sentiment) === label, said === label];
      });
  });
  const test = pairedTest(pairs.flat());
  const percent = (right: number) => `${((100 * right) / Math.max(1, test.n)).toFixed(1)} %`;
  print(
    `${test.n} texts, each held back once: right before ${percent(test.rightBefore)}, after ${percent(test.rightAfter)}, p ${test.p.toPrecision(2)}`,
  );
  if (test.p >= significance) {
    print('It is not surely better than what ships: nothing was written. More texts may help.');
    return 1;
  }
  const all = adaptSentiment(rows, knowledge.lexicon, baseOf);
  const texts = new Set(rows.map(({ text }) => normalisedText(text))).size;
  const { folder } = writeOwnModel(out, all.model, { base: knowledge.name, texts, heldBack: test });
  print(`SENTIMENT_OWN_MODEL=${folder}`);
  return 0;
}

try {
  const { values } = parseArgs({ options: { data: { type: 'string' }, out: { type: 'string' } } });
  if (values.data === undefined || values.out === undefined) throw new BadRow('--data FILE and --out DIR are needed');
  process.exitCode = adapt(values.data, values.out);
} catch (error) {
  const known = error instanceof BadRow || (error as NodeJS.ErrnoException).code === 'ENOENT';
  if (!known) throw error;
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 2;
}
