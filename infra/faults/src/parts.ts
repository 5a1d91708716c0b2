import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FaultLine, type FaultsResult } from './report.js';
import { faultsFolder } from './run.js';

/** A long run of kills that is done in parts, each on a fresh system. */
export interface Part {
  readonly at: string;
  readonly seed: number;
  readonly line: FaultLine;
  readonly verdict: FaultsResult['verdict'];
}

const fileOf = (name: string) => join(faultsFolder, `${name}.parts.json`);

export async function partsOf(name: string): Promise<Part[]> {
  const text = await readFile(fileOf(name), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '[]';
    throw error;
  });
  return JSON.parse(text) as Part[];
}

export async function addPart(name: string, part: Part): Promise<Part[]> {
  const parts = [...(await partsOf(name)), part];
  const file = fileOf(name);
  await writeFile(`${file}.new`, JSON.stringify(parts, null, 2));
  await rename(`${file}.new`, file);
  return parts;
}

/** All parts as if they were one run */
export function sumOf(parts: readonly Part[]): FaultsResult {
  const sum: FaultLine = { injected: 0, accepted: 0, lost: 0, doubled: 0, misordered: 0, recoveredSeconds: null };
  for (const { line } of parts) {
    sum.injected += line.injected;
    sum.accepted += line.accepted;
    sum.lost += line.lost;
    sum.doubled += line.doubled;
    sum.misordered += line.misordered;
    if (line.recoveredSeconds !== null) {
      sum.recoveredSeconds = Math.max(sum.recoveredSeconds ?? 0, line.recoveredSeconds);
    }
  }
  const good = parts.length > 0 && parts.every(({ verdict }) => verdict === 'good');
  return { faults: { kill: sum }, verdict: good ? 'good' : 'bad' };
}
