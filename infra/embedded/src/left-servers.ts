import { realpath, rm } from 'node:fs/promises';
import { removeKafkaContainer, removeKafkaVolume } from './kafka-container.js';
import { stopLeftKafka } from './kafka.js';
import { openFolderOf } from './postgres-binaries.js';
import { stopLeftPostgres } from './postgres.js';

export interface ServerFolders {
  readonly kafka: string;
  readonly postgres: string;
}

/** Stops what a kill -9 left running on these data folders, for whoever is about to remove them. */
export async function stopLeftServers(folders: ServerFolders): Promise<void> {
  const { kafka, postgres } = await resolved(folders);
  await Promise.all([
    stopLeftKafka(kafka),
    removeKafkaContainer(kafka),
    stopLeftPostgres(postgres),
    stopLeftPostgres(openFolderOf(postgres)),
  ]);
}

/** Removes all data of servers that are stopped, also what had to be kept elsewhere: a Docker volume, /var/lib/closeloop. */
export async function removeServerData(folders: ServerFolders): Promise<void> {
  const { kafka, postgres } = await resolved(folders);
  await Promise.all([
    removeKafkaVolume(kafka),
    ...[kafka, postgres, openFolderOf(postgres)].map((folder) => rm(folder, { recursive: true, force: true })),
  ]);
}

async function resolved({ kafka, postgres }: ServerFolders): Promise<ServerFolders> {
  const there = (folder: string) => realpath(folder).catch(() => folder);
  return { kafka: await there(kafka), postgres: await there(postgres) };
}
