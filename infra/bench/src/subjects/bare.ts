import { makeJourneyTopics, nodeProgram, startBaseline } from './baseline.js';
import { databaseOf, makeServiceDatabases } from './service-databases.js';
import { type Subject } from './subject.js';

/**
 * The chain without logic, into the same tables: raw HTTP with ajv, two bare kafkajs hops, COPY. Ingestion alone has no broker: what it
 * accepts stays in its outbox.
 */
export const bare: Subject = {
  name: 'bare',
  async start(place, parts) {
    await Promise.all([makeServiceDatabases(place), makeJourneyTopics(place)]);
    // without a broker it keeps what it accepts
    const broker: Record<string, string> = parts.length === 1 ? { KAFKA_BROKERS: '' } : {};
    return startBaseline(
      place,
      parts.map((part) =>
        nodeProgram('bare', part, {
          ...(part === 'ingestion' && broker),
          ...((part === 'ingestion' || part === 'loop') && { DATABASE_URL: databaseOf(place, part) }),
        }),
      ),
      { loopDatabase: databaseOf(place, 'loop'), derivedIds: true },
    );
  },
};
