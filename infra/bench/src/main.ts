import { mkdirSync, mkdtempSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { removeServerData } from '@closeloop/embedded';
import { measureAlone } from './alone.js';
import { aloneNames, readArguments } from './arguments.js';
import { growthNames, measureGrowth } from './growth/growth.js';
import { readTexts } from './load/feedback.js';
import { writeDocument } from './report/document.js';
import { figuresOf, ratiosOf } from './report/figures.js';
import { machine } from './report/machine.js';
import { readReference, referenceOf, regressions } from './report/reference.js';
import { jsonOf, tableOf } from './report/summary.js';
import { measureSideBySide } from './side-by-side.js';
import { durations, quickDurations, workNames } from './works/work.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

async function main(): Promise<number> {
  const given = readArguments(process.argv.slice(2));
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const dataRoot = join(root, '.data');
  mkdirSync(dataRoot, { recursive: true });
  const folder = mkdtempSync(join(dataRoot, 'bench-'));
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => stopping.abort(new Error(`Stopped by ${signal}.`)));
  }
  const print = (text: string): void => void (given.json ? process.stderr : process.stdout).write(text);
  const reference = given.reference && readReference(await readFile(given.reference, 'utf8'), given.reference);
  const alone = aloneNames.filter((name) => given.only.includes(name));
  const growth = growthNames.filter((name) => given.only.includes(name));
  const works = workNames.filter((name) => given.only.includes(name));
  const results: Record<string, unknown> = {};
  const texts = await readTexts(resolve(root, given.texts));
  const run = {
    rounds: given.rounds,
    durations: given.quick ? quickDurations : durations,
    ...{ texts, folder, say, signal: stopping.signal },
  };
  let failed = false;
  try {
    if (works.length > 0) {
      const { samples, failures } = await measureSideBySide({
        works: new Set(works),
        subjects: new Set(given.subjects),
        ...run,
      });
      if (samples.length === 0) throw new Error(failures.join('\n'));
      failed = failures.length > 0;
      const figures = figuresOf(samples);
      const ratios = ratiosOf(samples);
      print(tableOf(figures, ratios));
      Object.assign(results, jsonOf(figures, ratios, { machine: machine(), rounds: given.rounds }));
      const date = new Date().toISOString().slice(0, 10);
      if (given.write)
        await writeDocument(given.write, { figures, ratios, machine: machine(), cores: cpus().length, date });
      if (given.writeReference) {
        const text = JSON.stringify(referenceOf(figures, machine(), date), null, 2);
        await writeFile(given.writeReference, `${text}\n`);
      }
      if (reference) {
        const worse = regressions(figures, reference);
        for (const line of worse) say(line);
        failed ||= worse.length > 0;
      }
    }
    if (alone.length > 0) {
      Object.assign(
        results,
        await measureAlone(alone, given, { folder: join(folder, 'alone'), texts, say, print, stopping }),
      );
    }
    if (growth.length > 0) Object.assign(results, await measureGrowth(growth, given, { ...run, print }));
    if (given.json) process.stdout.write(`${JSON.stringify(results)}\n`);
    return failed ? 1 : 0;
  } finally {
    await removeServerData({ kafka: join(folder, 'kafka'), postgres: join(folder, 'postgres') });
    await rm(folder, { recursive: true, force: true });
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
