import { deadLetterTopic } from './dead-letter.js';
import type { EventDeclaration, EventFamily } from './event-declaration.js';
import { feedbackInbound } from './feedback-inbound.v1.js';
import { feedbackReceived } from './feedback-received.v1.js';
import { feedbackRouted } from './feedback-routed.v1.js';
import { feedbackTagged } from './feedback-tagged.v1.js';
import { insightChanged } from './insight-changed.v1.js';
import { insightRaised } from './insight-raised.v1.js';
import { loopChanged } from './loop-changed.v1.js';
import { noticeRequested } from './notice-requested.v1.js';
import { noticeSettled } from './notice-settled.v1.js';
import { replyFailed } from './reply-failed.v1.js';
import { replyRequested } from './reply-requested.v1.js';
import { replySent } from './reply-sent.v1.js';
import { teamInboxes } from './team-inbox.v1.js';

/** What a service reads and writes. */
export interface Station {
  /** Kafka consumer group of the service */
  readonly group: string;
  readonly consumes: readonly EventDeclaration[];
  /** Events whose dead letters it reads */
  readonly consumesDeadLettersOf: readonly EventDeclaration[];
  readonly produces: readonly EventDeclaration[];
  /** Events that it produces on a topic for each name; others read them */
  readonly producesFamilies: readonly EventFamily[];
}

const station = (group: string, flows: Partial<Omit<Station, 'group'>>): Station => ({
  group,
  consumes: [],
  consumesDeadLettersOf: [],
  produces: [],
  producesFamilies: [],
  ...flows,
});

/** The map: who produces and who consumes, in the order the data meets them. */
export const pipeline = {
  ingestion: station('closeloop.ingestion', {
    consumes: [feedbackInbound, loopChanged, replyRequested],
    consumesDeadLettersOf: [
      ...[feedbackInbound, feedbackReceived, feedbackTagged, feedbackRouted, loopChanged],
      ...[replyRequested, replySent, replyFailed],
      ...[insightRaised, insightChanged, noticeRequested, noticeSettled],
    ],
    produces: [feedbackReceived, replySent, replyFailed],
  }),
  sentiment: station('closeloop.sentiment', { consumes: [feedbackReceived], produces: [feedbackTagged] }),
  // beside the way: what people correct comes as a later tag revision of the same feedback; whose it is, loops tell
  learning: station('closeloop.learning', { consumes: [feedbackTagged, loopChanged], produces: [feedbackTagged] }),
  routing: station('closeloop.routing', { consumes: [feedbackTagged], produces: [feedbackRouted] }),
  // beside the way: rules are tried on what was routed, and what is routed anew comes as a later route revision of the same tags
  rehearsal: station('closeloop.rehearsal', { consumes: [feedbackRouted, loopChanged], produces: [feedbackRouted] }),
  loop: station('closeloop.loop', {
    consumes: [feedbackRouted, replySent, replyFailed, insightRaised, insightChanged, noticeRequested],
    produces: [loopChanged, replyRequested, noticeSettled],
    producesFamilies: [teamInboxes],
  }),
  insights: station('closeloop.insights', {
    consumes: [feedbackRouted, loopChanged, noticeSettled],
    produces: [insightRaised, insightChanged, noticeRequested],
  }),
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

/** Events that come on a topic for each name. */
export const eventFamilies: readonly EventFamily[] = stations.flatMap(({ producesFamilies }) => producesFamilies);

/** Every topic that must be there: those of the events, and one for the dead letters of each that is consumed. */
export const topics: readonly string[] = [
  ...events.map(({ topic }) => topic),
  ...events.filter((event) => consumed.has(event)).map(({ topic }) => deadLetterTopic(topic)),
];
