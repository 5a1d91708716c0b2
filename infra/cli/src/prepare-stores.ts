import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { createTopics } from '@closeloop/messaging';

// Databases, then topics, in one process: most of the time goes into loading what both need.
// Usage: node prepare-stores.js <a service's migrate.js>… ; standard input ends with the brokers, or with nothing: no topics.
// Each of the files migrates its service's database when it is loaded.
const brokers = text(process.stdin);
const outcomes = await Promise.allSettled(process.argv.slice(2).map((file) => import(pathToFileURL(file).href)));
for (const outcome of outcomes) {
  if (outcome.status === 'fulfilled') continue;
  process.stderr.write(`${outcome.reason instanceof Error ? outcome.reason.message : String(outcome.reason)}\n`);
  process.exitCode = 1;
}
const KAFKA_BROKERS = (await brokers).trim();
if (KAFKA_BROKERS !== '') {
  for (const line of await createTopics({ ...process.env, KAFKA_BROKERS })) process.stdout.write(`${line}\n`);
}
