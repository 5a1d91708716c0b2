import { resolve } from 'node:path';
import { Failure, readWords, UsageError, type Command } from '../command.js';
import { ProgramFailed, runProgram } from '../program.js';
import { programOf } from '../workspace.js';

export const adapt: Command = {
  name: 'adapt',
  summary: 'a sentiment model of your own, from labelled texts of yours',
  help: `npx closeloop adapt --data FILE [--out DIR]

Learns from labelled texts over the model that ships: NDJSON, {"text": …, "label": "negative" | "neutral" | "positive"} a line. Each fifth
is held back once; only where what was learned from the others is surely better on it (paired sign test, p < .05) is a model written, into a folder named by its version in DIR
(default: .data/models). The service takes it by SENTIMENT_OWN_MODEL=that folder, and names it in every tag; to go back, name the folder before.

  npx closeloop adapt --data our-reviews.jsonl
  SENTIMENT_OWN_MODEL=.data/models/1a2b3c4d npm start

Exit code 1: it is not better, nothing was written.
`,
  async run(words, { env, dataDir, out }) {
    const { values } = readWords(words, { data: { type: 'string' }, out: { type: 'string' } });
    if (values.data === undefined) throw new UsageError('--data FILE is missing');
    const program = ['--data', resolve(values.data), '--out', resolve(values.out ?? `${dataDir}/models`)];
    try {
      out(await runProgram(programOf('sentiment', 'adapt.js'), program, env));
      return 0;
    } catch (error) {
      if (!(error instanceof ProgramFailed) || (error.code !== 1 && error.code !== 2)) throw error;
      throw new Failure(error.told, error.code);
    }
  },
};
