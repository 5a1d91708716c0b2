import { makeJourneyTopics, nodeProgram, startBaseline } from './baseline.js';
import { type Subject } from './subject.js';

/** Three Nest services, as its documentation shows them; the last one routes and saves the loop. */
export const stockNest: Subject = {
  name: 'stock-nest',
  async start(place) {
    const { stores, databasePrefix } = place;
    const name = `${databasePrefix}feedback`;
    const client = await stores.database();
    await client.query(`create database "${name}"`);
    await client.end();
    await makeJourneyTopics(place);
    const env = { DATABASE_URL: stores.urlOf(name) };
    return startBaseline(
      place,
      ['ingestion', 'sentiment', 'routing-loop'].map((part) => nodeProgram('stock-nest', part, env)),
      { loopDatabase: env.DATABASE_URL, derivedIds: false },
    );
  },
};
