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

const station = (group: string, flows: Partial<Omit<Station, 'group'>>): Station => ({
  group,
  consumes: [],
  consumesDeadLettersOf: [],
  produces: [],
  ...flows,
});

/** The map: who produces and who consumes, in the order the data meets them. */
export const pipeline = {
  ingestion: station('closeloop.ingestion', {
    consumes: [feedbackInbound, loopChanged],
    consumesDeadLettersOf: [feedbackInbound, feedbackReceived, feedbackTagged, feedbackRouted],
    produces: [feedbackReceived],
  }),
  sentiment: station('closeloop.sentiment', { consumes: [feedbackReceived], produces: [feedbackTagged] }),
  // beside the way: what people correct comes as a later tag revision of the same feedback
  learning: station('closeloop.learning', { consumes: [feedbackTagged], produces: [feedbackTagged] }),
  routing: station('closeloop.routing', { consumes: [feedbackTagged], produces: [feedbackRouted] }),
  loop: station('closeloop.loop', { consumes: [feedbackRouted], produces: [loopChanged] }),
} as const satisfies Record<string, Station>;

export type ServiceName = keyof typeof pipeline;

const stations: readonly Station[] = Object.values(pipeline);

const consumed = new Set(stations.flatMap(({ consumes }) => consumes));
const produced = new Set(stations.flatMap(({ produces }) => produces));

/** produced: one of our services writes it; offered: only others do, and we read it. */
export const directionOf = (event: EventDeclaration): 'offered' | 'produced' =>
  produced.has(event) ? 'produced' : 'offered';

/** Every event in the order of the flow: what is offered to us, then what each service makes of it. */
export const events: readonly EventDeclaration[] = [
  ...[...consumed].filter((event) => directionOf(event) === 'offered'),
  ...produced,
];

/** Every topic that must be there: those of the events, and one for the dead letters of each that is consumed. */
export const topics: readonly string[] = [
  ...events.map(({ topic }) => topic),
  ...events.filter((event) => consumed.has(event)).map(({ topic }) => deadLetterTopic(topic)),
];
