import { pathToFileURL } from 'node:url';

// Each of these files migrates its service's database when it is loaded. One process for all: most of the time goes into
// loading TypeORM. Usage: node migrate-services.js <file>…
const outcomes = await Promise.allSettled(process.argv.slice(2).map((file) => import(pathToFileURL(file).href)));
for (const outcome of outcomes) {
  if (outcome.status === 'fulfilled') continue;
  process.stderr.write(`${outcome.reason instanceof Error ? outcome.reason.message : String(outcome.reason)}\n`);
  process.exitCode = 1;
}
