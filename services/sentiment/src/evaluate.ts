import { writeFileSync } from 'node:fs';
import { ModelTagger } from './domain/model-tagger.js';
import { argumentsOf, BadArguments, usage } from './evaluation/arguments.js';
import { accuracyDocument } from './evaluation/accuracy-document.js';
import { evaluate, type Asked, type Evaluation } from './evaluation/evaluation.js';
import { BadRow, readLabelledTexts } from './evaluation/labelled-text.js';
import { sentimentPackages } from './evaluation/packages.js';
import { jsonOf, reportOf } from './evaluation/report.js';
import { scoresOf } from './evaluation/scores.js';
import { speedOf } from './evaluation/speed.js';
import type { Token } from './domain/text/tokens.js';
import { BadPack } from './domain/topics/packs.js';
import { detectLanguage } from './infrastructure/language.detector.js';
import { shippedKnowledge } from './infrastructure/shipped-knowledge.js';

/** `npm run evaluate`: exit 0 when it was done, 2 when it was asked for wrongly, or a file is not as it should be. */
const print = (line: string) => process.stdout.write(`${line}\n`);

function compare(file: string): void {
  const rows = readLabelledTexts(file);
  for (const { name, judge } of sentimentPackages()) {
    const { accuracy, macroF1 } = scoresOf(
      rows.map(({ text, label }) => ({ gold: label, said: judge(text), confidence: 1 })),
    );
    const { textsPerSecond } = speedOf(rows, ({ text }) => judge(text));
    const figures = `accuracy ${accuracy.toFixed(3)} · macro-F1 ${macroF1.toFixed(3)}`;
    print(`  ${name.padEnd(24)} ${figures} · ${textsPerSecond.toLocaleString('en')} texts/s`);
  }
}

function main(): void {
  const args = argumentsOf(process.argv.slice(2));
  if (args === 'help') {
    print(usage);
    return;
  }
  const knowledge = shippedKnowledge(args.topics);
  const tagger = new ModelTagger(knowledge, detectLanguage);
  const learner = {
    lexicon: knowledge.lexicon,
    baseOf: (tokens: readonly Token[]) => tagger.baseOf(tokens),
  };
  if (args.all) {
    const { folder, write } = args.all;
    // Its aspects are those of one pack.
    const restaurants = new ModelTagger(shippedKnowledge(['restaurants']), detectLanguage);
    const evaluateAs = (file: string, asked: Asked) =>
      evaluate(asked.task === 'topic' ? restaurants : tagger, asked, file, learner);
    writeFileSync(write, accuracyDocument(folder, knowledge.name, evaluateAs, print));
    return;
  }
  const all = args.files.map((file): Evaluation => {
    const evaluation = evaluate(tagger, args, file, learner);
    print(`${reportOf(evaluation)}`);
    if (args.compare) compare(file);
    return evaluation;
  });
  if (args.json) print(JSON.stringify({ ...jsonOf(all.at(-1)!), files: all.map(jsonOf) }));
}

try {
  main();
} catch (error) {
  const known =
    error instanceof BadArguments ||
    error instanceof BadRow ||
    error instanceof BadPack ||
    (error as NodeJS.ErrnoException).code === 'ENOENT';
  if (!known) throw error;
  process.stderr.write(`${(error as Error).message}\n${error instanceof BadArguments ? `\n${usage}` : ''}`);
  process.exitCode = 2;
}
