import { describe, expect, it } from '@jest/globals';
import { deadLetterTopic } from './dead-letter.js';
import type { EventDeclaration } from './event-declaration.js';
import { feedbackInbound } from './feedback-inbound.v1.js';
import { feedbackReceived } from './feedback-received.v1.js';
import { feedbackRouted } from './feedback-routed.v1.js';
import { feedbackTagged } from './feedback-tagged.v1.js';
import { loopChanged } from './loop-changed.v1.js';
import { events, pipeline, topics, type Station } from './pipeline.js';
import { validatorOf } from './validator.js';

const stations: readonly Station[] = Object.values(pipeline);

describe('pipeline', () => {
  it('lists events in the order of the flow', () => {
    expect(events).toEqual([feedbackInbound, feedbackReceived, feedbackTagged, feedbackRouted, loopChanged]);
  });

  it('lists an event once that two services produce', () => {
    expect(new Set(events).size).toBe(events.length);
  });

  it('lists every topic once: the events, and the dead letters of those that are consumed', () => {
    expect(new Set(topics).size).toBe(topics.length);
    const consumed = new Set(stations.flatMap(({ consumes }) => consumes));
    expect([...topics].sort()).toEqual(
      [...events.map(({ topic }) => topic), ...[...consumed].map(({ topic }) => deadLetterTopic(topic))].sort(),
    );
  });

  it('gives each service a group of its own', () => {
    expect(new Set(stations.map(({ group }) => group)).size).toBe(stations.length);
  });

  it('has one producer at most for an event, so that one service orders it; of tags one makes the first, the other those after', () => {
    for (const event of events) {
      const producers = Object.entries<Station>(pipeline).flatMap(([name, { produces }]) =>
        produces.includes(event) ? [name] : [],
      );
      if (event === feedbackTagged) expect(producers).toEqual(['sentiment', 'learning']);
      else expect(producers.length).toBeLessThanOrEqual(1);
    }
  });

  it('reads everything that is produced, and the dead letters of every group', () => {
    for (const { produces } of stations)
      for (const event of produces) expect(stations.some(({ consumes }) => consumes.includes(event))).toBe(true);
    const deadLettersRead = new Set(stations.flatMap(({ consumesDeadLettersOf }) => consumesDeadLettersOf));
    // the ledger reads loop.changed itself: where that fails, the ledger is what is behind
    const consumed = stations.flatMap(({ consumes }) => consumes).filter((event) => event !== loopChanged);
    expect(consumed.filter((event) => !deadLettersRead.has(event))).toEqual([]);
  });

  it('names topics by a fact and a version, in characters that Kafka takes', () => {
    for (const topic of topics) expect(topic).toMatch(/^[a-z]+(\.[a-z-]+)+\.v\d+(\.dead-letter)?$/);
  });

  it('has data classes that compile', () => {
    for (const { data } of events) expect(validatorOf(data)).toBeInstanceOf(Function);
  });
});

describe('keys', () => {
  const keyOf = (event: EventDeclaration, data: object): string => event.key(data);
  const feedback = { feedbackId: 'f-1', source: 'airline', externalId: '1' };

  it('hold a feedback’s events together up to routed, a loop’s from there on', () => {
    expect(keyOf(feedbackReceived, feedback)).toBe('f-1');
    expect(keyOf(feedbackTagged, { feedback })).toBe('f-1');
    expect(keyOf(feedbackRouted, { feedback })).toBe('f-1');
    expect(keyOf(loopChanged, { loopId: 'l-1', feedback })).toBe('l-1');
  });

  it('of what is offered tell source and external id apart', () => {
    expect(keyOf(feedbackInbound, { source: 'a', externalId: 'b,c' })).not.toBe(
      keyOf(feedbackInbound, { source: 'a,b', externalId: 'c' }),
    );
  });
});
