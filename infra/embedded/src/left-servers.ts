import { realpath } from 'node:fs/promises';
import { stopLeftKafka } from './kafka.js';
import { stopLeftPostgres } from './postgres.js';

/** Stops what a kill -9 left running on these data folders, for whoever is about to remove them. */
export async function stopLeftServers(dataDirs: { kafka: string; postgres: string }): Promise<void> {
  const there = (folder: string) => realpath(folder).catch(() => folder);
  await Promise.all([stopLeftKafka(await there(dataDirs.kafka)), stopLeftPostgres(await there(dataDirs.postgres))]);
}
