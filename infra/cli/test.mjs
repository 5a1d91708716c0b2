import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { binOf, Failure, orExplain, prepare, root } from './bootstrap/prepare.mjs';

await orExplain(async () => {
  await prepare();
  const report = join(root, '.data', `test-report.${process.pid}.json`);
  mkdirSync(join(root, '.data'), { recursive: true });
  try {
    const code = await jest(report, ['--json', `--outputFile=${report}`, ...process.argv.slice(2)]);
    return summarise(report, code);
  } finally {
    rmSync(report, { force: true });
  }
});

function jest(report, words) {
  const child = spawn(
    process.execPath,
    ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', binOf('jest'), ...words],
    {
      cwd: root,
      // With --json Jest's own account of the run goes to standard error, and the report into the file.
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...process.env,
        NODE_OPTIONS: [process.env.NODE_OPTIONS, '--experimental-vm-modules'].filter(Boolean).join(' '),
      },
    },
  );
  // Jest stops its Kafka and Postgres at a signal; this process waits for that.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  // The report is the last thing that Jest writes; it then waits for whatever a spec left open.
  const watch = setInterval(() => {
    if (!existsSync(report)) return;
    clearInterval(watch);
    setTimeout(() => {
      if (child.exitCode !== null) return;
      console.log('A spec left something open (a server, a connection, a timer): Jest is ended.');
      child.kill('SIGKILL');
    }, 5000).unref();
  }, 500);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => {
      clearInterval(watch);
      resolve(status ?? (signal === 'SIGKILL' ? 0 : 1));
    });
  });
}

/** The exit code, after the last line. A suite that could not run counts as failed: its tests are unknown. */
function summarise(report, code) {
  const result = read(report);
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
  const passed = result.numPassedTests;
  if (result.numPendingTests > 0) console.log(`${result.numPendingTests} not run (left out by name, or skipped)`);
  if (passed + failed === 0) console.log('No test ran.');
  console.log(`${passed} passed, ${failed} failed`);
  return code === 0 && failed === 0 && passed > 0 ? 0 : code || 1;
}

function read(report) {
  try {
    return JSON.parse(readFileSync(report, 'utf8'));
  } catch (error) {
    console.log('0 passed, 0 failed');
    throw new Failure(`Jest ended without a report: ${error.message}`);
  }
}
