import { prepareStores } from '@closeloop/cli';
import { firstTeams, teamInboxTopic, topics, type ServiceName } from '@closeloop/contracts';
import { type Stores } from '../rig/stores.js';
import { type Place } from './subject.js';

const template = 'template_of_bench_';
let made: Promise<string[]> | undefined;

/** Empty databases of all services, as their migrations make them; made once, and copied. One that is there is left as it is. */
export async function makeServiceDatabases({ stores, databasePrefix, say }: Place): Promise<void> {
  const names = await (made ??= makeTemplates(stores, say));
  const client = await stores.database();
  const { rows } = await client.query<{ datname: string }>('select datname from pg_database');
  const present = new Set(rows.map(({ datname }) => datname));
  for (const name of names.filter((one) => !present.has(databasePrefix + one)))
    await client.query(`create database "${databasePrefix}${name}" template "${template}${name}"`);
  await client.end();
}

async function makeTemplates(stores: Stores, say: (line: string) => void): Promise<string[]> {
  await prepareStores({ ...process.env, DATABASE_URL: stores.databaseServer, DATABASE_PREFIX: template }, say);
  const client = await stores.database();
  const { rows } = await client.query<{ datname: string }>(
    'select datname from pg_database where starts_with(datname, $1)',
    [template],
  );
  await client.end();
  return rows.map(({ datname }) => datname.slice(template.length));
}

/** All topics that the services use. */
export const makeServiceTopics = ({ stores, topicPrefix, partitions }: Place): Promise<void> =>
  stores.createTopics(
    [...topics, ...firstTeams.map(teamInboxTopic)].map((topic) => topicPrefix + topic),
    partitions,
  );

/** Of a service's own, in its place */
export const databaseOf = ({ stores, databasePrefix }: Place, service: ServiceName): string =>
  stores.urlOf(databasePrefix + service);
