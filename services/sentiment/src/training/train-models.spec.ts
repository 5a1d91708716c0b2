import { describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afinnLexicon } from '../infrastructure/afinn.lexicon.js';
import { readModels } from '../infrastructure/model-files.js';
import { permissiveSets } from './sets.js';
import { trainModels } from './train-models.js';

/** A few texts of each set that is trained from, as the real ones are written. */
function writeSets(folder: string): void {
  for (const { file } of permissiveSets) {
    const rows = Array.from({ length: 40 }, (_, n) => {
      const good = n % 2 === 0;
      const text = `${good ? 'a lovely day' : 'an awful night'} number ${n} in ${file.slice(0, -6)}`;
      if (file === 'goemotions.jsonl') return { text, label: good ? '17' : n % 4 === 1 ? '2' : '25' };
      const label = good ? 'positive' : 'negative';
      return file.startsWith('vader') ? { text, label, mean: good ? 2.1 : -2.3 } : { text, label };
    });
    writeFileSync(join(folder, file), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  }
}

describe('training', () => {
  const folder = mkdtempSync(join(tmpdir(), 'closeloop-training-'));
  const said: string[] = [];
  const train = () => trainModels(folder, afinnLexicon, (line) => said.push(line));

  it('from the same texts makes the same bytes, and what can be read again', () => {
    try {
      writeSets(folder);
      const { name, files } = train();
      // A hash of all weights: the same on each machine.
      expect(name).toBe('closeloop-linear@e3a2bfc5');
      const out = join(folder, 'model');
      mkdirSync(out);
      for (const [file, bytes] of files) writeFileSync(join(out, file), bytes);
      const models = readModels(out);
      expect(models.name).toBe(name);
      expect(models.sentiment.linear.classes).toEqual(['negative', 'neutral', 'positive']);
      expect(models.emotions.thresholds).toHaveLength(7);
      expect(models.emotions.calibrations).toHaveLength(7);
      writeFileSync(join(out, 'sentiment.bin'), files.get('sentiment.bin')!.subarray(0, 5_000));
      expect(() => readModels(out)).toThrow(`The model in ${out} cannot be used: a part of it is missing`);
      rmSync(join(folder, 'goemotions.jsonl'));
      expect(train).toThrow('goemotions.jsonl');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
