import { setTimeout as sleep } from 'node:timers/promises';
import { feedbackReceived, feedbackRouted } from '@closeloop/contracts';
import { type Message } from 'kafkajs';
import { bodiesOf } from '../load/feedback.js';
import { sendAll } from '../load/http.js';
import { layDown, Reading, receivedMessages } from '../load/kafka.js';
import { type Running } from '../subjects/subject.js';
import {
  batches,
  countLoops,
  eventsFor,
  lastCommit,
  measure,
  mostEvents,
  now,
  untilCounted,
  warmUp,
  type Span,
} from './measure.js';
import { type Durations, type Session } from './work.js';

/** Stands still while a load is laid down, so that laying it down takes nothing from what is measured. */
export async function heldWhile(running: Running, lay: () => Promise<void>): Promise<number> {
  running.signal('SIGSTOP');
  try {
    await lay();
    // what the broker does after it has acknowledged
    await sleep(200);
  } finally {
    running.signal('SIGCONT');
  }
  return now();
}

/** Two hops with what they do, from feedback.received to feedback.routed. */
export const hops: Session = {
  works: ['hops'],
  parts: ['sentiment', 'routing'],
  subjects: ['ours', 'kafka-streams-exactly-once', 'kafka-streams-at-least-once', 'bare'],
  async run(place, running, { durations, texts }) {
    const { stores, topicPrefix } = place;
    const reading = await Reading.start(stores.kafka, topicPrefix + feedbackRouted.topic);
    let wanted = 0;
    const through = async (messages: readonly Message[]): Promise<Span> => {
      wanted += messages.length;
      const begun = await heldWhile(running, () =>
        layDown(stores.kafka, topicPrefix + feedbackReceived.topic, messages),
      );
      await untilCounted(running, wanted, () => Promise.resolve(reading.count), 20);
      return { begun, ended: reading.lastAt };
    };
    try {
      const perSecond = await warmUp(
        (phase, events) => through(receivedMessages(texts, phase, events)),
        durations.warmUp,
      );
      const events = eventsFor(perSecond, durations.measured);
      const messages = receivedMessages(texts, 'hops', events);
      return { hops: await measure(place, running, events, () => through(messages)) };
    } finally {
      await reading.stop();
    }
  },
};

/** Of all that the loop services may be given: as many as the fastest takes */
const routedEvents = ({ warmUp, measured }: Durations): number => Math.min(mostEvents, (warmUp + measured) * 5_000);

/** From feedback.routed to committed loops. `routed`: what routing has made of so many events, in any order */
export const loopWrites = (routed: (count: number) => Promise<readonly Message[]>): Session => ({
  works: ['loop'],
  parts: ['loop'],
  subjects: ['ours', 'bare'],
  async run(place, running, { durations }) {
    const { stores, topicPrefix } = place;
    const messages = await routed(routedEvents(durations));
    const client = await stores.database(new URL(running.loopDatabase).pathname.slice(1));
    let given = 0;
    const through = async (count: number): Promise<Span> => {
      const part = messages.slice(given, given + count);
      given += part.length;
      const begun = await heldWhile(running, () => layDown(stores.kafka, topicPrefix + feedbackRouted.topic, part));
      await untilCounted(running, given, () => countLoops(client));
      return { begun, ended: await lastCommit(client) };
    };
    try {
      const perSecond = await warmUp((_phase, events) => through(events), durations.warmUp);
      const events = eventsFor(perSecond, durations.measured, messages.length - given);
      return { loop: await measure(place, running, events, () => through(events)) };
    } finally {
      await client.end();
    }
  },
});

/** From an HTTP request to its answer: what is answered is durable. */
export const ingestion: Session = {
  works: ['ingestion'],
  parts: ['ingestion'],
  subjects: ['ours', 'bare'],
  async run(place, running, { durations, texts }) {
    const send = async (phase: string, events: number): Promise<Span> => {
      const bodies = bodiesOf(texts, phase, events, batches.perRequest);
      const begun = now();
      const answered = await sendAll({
        ...{ url: running.url!, headers: running.headers, path: '/v1/feedback/batch', bodies },
        connections: batches.connections,
      });
      return { begun, ended: Math.max(...answered) };
    };
    const perSecond = await warmUp(send, durations.warmUp);
    const events = eventsFor(perSecond, durations.measured);
    return { ingestion: await measure(place, running, events, () => send('ingestion', events)) };
  },
};
