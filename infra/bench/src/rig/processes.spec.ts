import { spawn } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { cpuSecondsOf, peakMegabytes, readStat } from './processes.js';

describe('readStat', () => {
  it('reads past a name with brackets and spaces', () => {
    const fields = ['S', 41, ...Array.from({ length: 9 }, () => 0), 150, 50, 20, 5, 0];
    expect(readStat(`42 (a (b) c d) ${fields.join(' ')}`)).toEqual({ parent: 41, cpuSeconds: 2.25 });
  });
});

describe('cpuSecondsOf', () => {
  if (process.platform !== 'linux') {
    it('says that it needs Linux', async () => {
      await expect(cpuSecondsOf({})).rejects.toThrow('only Linux');
    });
    return;
  }

  it('given a process whose child has burnt a core and ended, counts what the child took', async () => {
    const burn = 'const end = Date.now() + 400; while (Date.now() < end);';
    const script = `require('node:child_process').execFileSync(process.execPath, ['-e', ${JSON.stringify(burn)}]); process.stdout.write('done'); setTimeout(() => {}, 60000)`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await new Promise((resolve) => child.stdout.once('data', resolve));
      const { parent } = await cpuSecondsOf({ parent: child.pid! });
      expect(parent).toBeGreaterThan(0.1);
      expect(await peakMegabytes(child.pid!)).toBeGreaterThan(10);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('counts nothing of what is not there', async () => {
    expect(await cpuSecondsOf({ nobody: 0x7ffffffe })).toEqual({ nobody: 0 });
  });
});
