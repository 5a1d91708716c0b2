import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { afinnLexicon } from './infrastructure/afinn.lexicon.js';
import { encodeNgrams } from './infrastructure/model-files.js';
import { modelFolder } from './infrastructure/shipped-files.js';
import { eldTable } from './training/eld-table.js';
import { permissiveSets } from './training/sets.js';
import { trainModels } from './training/train-models.js';

/** `npm run train -- --data DIR`: makes services/sentiment/model/ again; the same data gives the same bytes. */
const usage = `npm run train -- --data DIR [--out DIR]

  --data   the folder of the labelled sets: ${permissiveSets.map(({ file }) => file).join(', ')}
  --out    default: services/sentiment/model
`;

const say = (line: string) => process.stderr.write(`${line}\n`);

async function main(data: string, out: string): Promise<void> {
  mkdirSync(out, { recursive: true });
  const { name, files } = trainModels(data, afinnLexicon, say);
  writeFileSync(join(out, 'languages.bin'), encodeNgrams(await eldTable()));
  for (const [file, bytes] of files) writeFileSync(join(out, file), bytes);
  say(`${name} is in ${out}`);
}

const { values } = parseArgs({ options: { data: { type: 'string' }, out: { type: 'string', default: modelFolder } } });
if (values.data === undefined) {
  process.stderr.write(usage);
  process.exitCode = 2;
} else await main(values.data, values.out);
