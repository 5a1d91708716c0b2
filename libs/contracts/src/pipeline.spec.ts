import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { deadLetterTopic } from './dead-letter.js';
import type { EventDeclaration } from './event-declaration.js';
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
import { TeamInbox, teamInbox, teamInboxes } from './team-inbox.v1.js';
import { teamPattern } from './route.js';
import { events, pipeline, topics, type Station } from './pipeline.js';
import { validatorOf } from './validator.js';

const stations: readonly Station[] = Object.values(pipeline);

describe('pipeline', () => {
  it('lists events in the order of the flow', () => {
    expect(events).toEqual([
      ...[feedbackInbound, feedbackReceived, replySent, replyFailed, feedbackTagged, feedbackRouted],
      ...[loopChanged, replyRequested, noticeSettled, insightRaised, insightChanged, noticeRequested],
    ]);
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

  it('has one producer at most for an event, so that one service orders it; of tags and routes one makes the first, the other those after', () => {
    for (const event of events) {
      const producers = Object.entries<Station>(pipeline).flatMap(([name, { produces }]) =>
        produces.includes(event) ? [name] : [],
      );
      if (event === feedbackTagged) expect(producers).toEqual(['sentiment', 'learning']);
      else if (event === feedbackRouted) expect(producers).toEqual(['routing', 'rehearsal']);
      else expect(producers.length).toBeLessThanOrEqual(1);
    }
  });

  it('reads everything that is produced, and the dead letters of every group', () => {
    for (const { produces } of stations)
      for (const event of produces) expect(stations.some(({ consumes }) => consumes.includes(event))).toBe(true);
    const deadLettersRead = new Set(stations.flatMap(({ consumesDeadLettersOf }) => consumesDeadLettersOf));
    const consumed = stations.flatMap(({ consumes }) => consumes);
    expect(consumed.filter((event) => !deadLettersRead.has(event))).toEqual([]);
  });

  it('names topics by a fact and a version, in characters that Kafka takes', () => {
    for (const topic of topics) expect(topic).toMatch(/^[a-z-]+(\.[a-z-]+)*\.v\d+(\.dead-letter)?$/);
  });

  it('has data classes that compile', () => {
    for (const { data } of events) expect(validatorOf(data)).toBeInstanceOf(Function);
  });
});

describe('the inboxes of teams', () => {
  it('have a topic each, by the name of the team, which Kafka takes as it is', () => {
    const team = fc.stringMatching(teamPattern);
    fc.assert(
      fc.property(team, (name) => {
        const { topic, key } = teamInbox(name);
        expect(topic).toMatch(/^[a-z0-9.-]{1,249}$/);
        expect(teamInboxes.has(topic)).toBe(true);
        expect(teamInboxes.has(`${topic}.dead-letter`)).toBe(false);
        expect(key({ loopId: 'l-1' } as TeamInbox)).toBe('l-1');
      }),
    );
    expect(() => teamInbox('Not a team')).toThrow(TypeError);
    expect(teamInboxes.has('loop.changed.v1')).toBe(false);
  });

  it('hear of a step what loop.changed says of it, with the words', () => {
    const validate = validatorOf(TeamInbox);
    const step = {
      ...{ loopId: '6f1c1f0e-5d0f-5b6e-9a3b-0c7d1e5a4c21', version: 2, change: 'noted', note: 'warned' },
      ...{ at: '2026-03-01T12:00:00.000Z', actor: { kind: 'system' } },
      loop: { state: 'opened', cycle: 1, team: 'support', priority: 'high' },
    };
    expect(validate(step)).toBeUndefined();
    expect(validate({ ...step, loop: null })).not.toBeUndefined();
    expect(validate({ ...step, feedback: { feedbackId: 'x' } })).not.toBeUndefined();
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
    // what is said to one customer, and what came of it, in its order
    for (const event of [replyRequested, replySent, replyFailed]) {
      expect(keyOf(event, { loopId: 'l-1', feedbackId: 'f-1' })).toBe('f-1');
    }
    for (const event of [noticeRequested, noticeSettled]) {
      expect(keyOf(event, { loopId: 'l-1', noticeId: 'n-1' })).toBe('l-1');
    }
    for (const event of [insightRaised, insightChanged]) expect(keyOf(event, { insightId: 'i-1' })).toBe('i-1');
  });

  it('of what is offered tell source and external id apart', () => {
    expect(keyOf(feedbackInbound, { source: 'a', externalId: 'b,c' })).not.toBe(
      keyOf(feedbackInbound, { source: 'a,b', externalId: 'c' }),
    );
  });
});
