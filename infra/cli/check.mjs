import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { binOf, orExplain, prepare, root } from './bootstrap/prepare.mjs';

const bin = (name, words, script = name) => [binOf(name, script), ...words];

/** Each step looks at the whole workspace; the slowest come first. */
const steps = () => [
  // the types of the whole workspace take 3 GB, and garbage between them a fifth of the time where V8 keeps little room for what is new
  { name: 'lint', words: ['--max-old-space-size=4096', '--max-semi-space-size=128', ...bin('eslint', ['.'])] },
  { name: 'types', words: bin('typescript7', ['--build', '--pretty', 'false'], 'tsc') },
  { name: 'unused', words: bin('knip', ['--no-progress']) },
  {
    name: 'directions',
    words: bin('dependency-cruiser', ['--config', '.dependency-cruiser.mjs', 'libs', 'services', 'infra'], 'depcruise'),
  },
  {
    name: 'format',
    words: bin('prettier', ['--check', '--log-level=warn', '--cache', '--cache-strategy=content', '.']),
  },
  { name: 'contracts', words: [join(root, 'libs', 'contracts', 'dist', 'write-schemas.js'), '--check'] },
];

/** One step leaves a core idle while it starts and reads; more would only take memory. */
const AT_ONCE = 2;

await orExplain(async () => {
  await prepare();
  const waiting = steps();
  const failed = [];
  const worker = async () => {
    for (let step = waiting.shift(); step; step = waiting.shift()) {
      const begun = Date.now();
      const { code, output } = await outcomeOf(step.words);
      const good = code === 0;
      console.log(`${good ? '✔' : '✘'} ${step.name.padEnd(11)}${((Date.now() - begun) / 1000).toFixed(1)} s`);
      if (!good) failed.push({ ...step, code, output });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  for (const { name, code, output } of failed) console.log(`\n── ${name} (exit ${code}) ──\n${output.trim()}`);
  if (failed.length > 0) console.log(`\nFailed: ${failed.map(({ name }) => name).join(', ')}`);
  return failed.length === 0 ? 0 : 1;
});

function outcomeOf(words) {
  const child = spawn(process.execPath, words, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NX_DAEMON: 'false', NO_COLOR: '1', FORCE_COLOR: undefined },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (output += bytes));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code: code ?? signal, output }));
  });
}
