import { deadLetterTopic } from './dead-letter.js';
import type { EventDeclaration } from './event-declaration.js';
import { feedbackInbound } from './feedback-inbound.v1.js';
import { feedbackReceived } from './feedback-received.v1.js';
import { feedbackRouted } from './feedback-routed.v1.js';
import { feedbackTagged } from './feedback-tagged.v1.js';
import { loopChanged } from './loop-changed.v1.js';

/** What a service reads and writes. */
export interface Station {
  /** Kafka consumer group of the service */
  readonly group: string;
  readonly consumes: readonly EventDeclaration[];
  /** Events whose dead letters it reads */
  readonly consumesDeadLettersOf: readonly EventDeclaration[];
  readonly produces: readonly EventDeclaration[];
}

const station = (group: string, flows: Partial<Record<Exclude<keyof Station, 'group'>, readonly object[]>>): Station =>
  ({ group, consumes: [], consumesDeadLettersOf: [], produces: [], ...flows }) as Station;

/** The map: who produces and who consumes, in the order the data meets them. */
export const pipeline = {
  ingestion: station('closeloop.ingestion', {
    consumes: [feedbackInbound, loopChanged],
    consumesDeadLettersOf: [feedbackReceived, feedbackTagged, feedbackRouted],
    produces: [feedbackReceived],
  }),
  sentiment: station('closeloop.sentiment', { consumes: [feedbackReceived], produces: [feedbackTagged] }),
  routing: station('closeloop.routing', { consumes: [feedbackTagged], produces: [feedbackRouted] }),
  loop: station('closeloop.loop', { consumes: [feedbackRouted], produces: [loopChanged] }),
} as const satisfies Record<string, Station>;

export type ServiceName = keyof typeof pipeline;

/** Every event, in the order of the pipeline. */
export const events: readonly EventDeclaration[] = [
  ...new Set(Object.values(pipeline).flatMap(({ consumes, produces }: Station) => [...consumes, ...produces])),
];

/** Every topic that must be there: those of the events, and one for the dead letters of each that is consumed. */
export const topics: readonly string[] = [
  ...events.map(({ topic }) => topic),
  ...new Set(
    Object.values(pipeline).flatMap(({ consumes }: Station) => consumes.map(({ topic }) => deadLetterTopic(topic))),
  ),
];
