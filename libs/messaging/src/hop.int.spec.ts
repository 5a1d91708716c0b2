import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  deadLetterTopic,
  feedbackReceived,
  feedbackTagged,
  hopEventId,
  resendHeader,
  trailHeader,
  trailOf,
  withStep,
  type FeedbackReceived,
  type FeedbackTagged,
} from '@closeloop/contracts';
import { type RunningService } from '@closeloop/platform';
import { eventually, type Recorder, type TestEnvironment } from '@closeloop/testing';
import { deadLetter, drop, type IncomingEvent, ok, type Outcome } from './index.js';
import { feedback, poison, receivedMessage, tagged } from './event.fixture.js';
import { type Handle, kafkaEnvironment, receivedConsumer, startStation, stationOf } from './service.fixture.js';

jest.setTimeout(60_000);

let environment: TestEnvironment;
let service: RunningService | undefined;
beforeEach(async () => {
  environment = await kafkaEnvironment();
}, 60_000);
afterEach(async () => {
  await service?.close();
  service = undefined;
  await environment.close();
}, 60_000);

const start = async (handle: Handle<FeedbackReceived>, name = 'hop') => {
  service = await startStation(environment, stationOf(name), [receivedConsumer(handle)], { mode: 'hop' });
  return service;
};
const tag = ({ data }: IncomingEvent<FeedbackReceived>): Outcome => ok(tagged(data));
const publish = (names: readonly string[], partition?: number) =>
  environment.publish(
    feedbackReceived.topic,
    names.map((name) => ({ ...receivedMessage(feedback(name)), ...(partition !== undefined && { partition }) })),
  );
const namesIn = (recorder: Recorder): (string | undefined)[] =>
  recorder.json<FeedbackTagged>().map((event) => event.feedback.externalId);
const many = (name: string, count: number): string[] => Array.from({ length: count }, (_, at) => `${name}-${at}`);
const readiness = async () => {
  const answer = await fetch(`${service!.url}/health/ready`);
  return `${answer.status} ${await answer.text()}`;
};

describe('a hop', () => {
  it('sends what its handler makes of each event, under the derived id and key, in order, with the trace', async () => {
    const recorder = await environment.record(feedbackTagged.topic);
    await start((events) => events.map(tag));
    const names = many('plain', 200);
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    await environment.publish(
      feedbackReceived.topic,
      names.map((name) => ({ ...receivedMessage(feedback(name), { traceparent }), partition: 1 })),
    );
    await eventually(() => expect(recorder.messages).toHaveLength(names.length));
    expect(new Set(namesIn(recorder))).toEqual(new Set(names));
    for (const partition of [0, 1]) {
      const order = recorder.messages
        .filter((message) => message.partition === partition)
        .map(({ value }) => names.indexOf((JSON.parse(value.toString()) as FeedbackTagged).feedback.externalId!));
      expect(order).toEqual([...order].sort((a, b) => a - b));
    }
    const [first] = recorder.messages;
    const data = JSON.parse(first!.value.toString('utf8')) as FeedbackTagged;
    expect(first!.key).toBe(data.feedback.feedbackId);
    expect(first!.headers).toMatchObject({
      ce_id: hopEventId('tagged', { ...data.feedback, tagRevision: 1 }),
      ce_type: 'feedback.tagged.v1',
      ce_source: 'closeloop/spec',
      ce_subject: data.feedback.feedbackId,
      ce_specversion: '1.0',
      'content-type': 'application/json',
      traceparent,
    });
    expect(Math.abs(Date.now() - first!.timestamp)).toBeLessThan(60_000);
    await eventually(async () => expect(await readiness()).toMatch(/^200/));
  });

  it('sends poison of every kind to the dead letters within a second, as it was, and goes on around it', async () => {
    const recorder = await environment.record(feedbackTagged.topic);
    const letters = await environment.record(deadLetterTopic(feedbackReceived.topic));
    await start((events) => events.map(tag));
    await publish(['warm']);
    await eventually(() => expect(namesIn(recorder)).toEqual(['warm']));

    const { headers } = receivedMessage(feedback('poison'));
    const bad = poison(headers);
    const mixed = Object.entries(bad).flatMap(([reason, message], at) => [
      { ...receivedMessage(feedback(`good-${at}`)), partition: 0 },
      { key: `key of ${reason}`, ...message, partition: 0 },
    ]);
    const sentAt = Date.now();
    await environment.publish(feedbackReceived.topic, [
      ...mixed,
      { ...receivedMessage(feedback('good-last')), partition: 0 },
    ]);
    await eventually(() => expect(letters.messages).toHaveLength(5));
    await eventually(() => expect(namesIn(recorder)).toHaveLength(7));

    expect(new Set(namesIn(recorder))).toEqual(
      new Set(['warm', ...Object.keys(bad).map((_, at) => `good-${at}`), 'good-last']),
    );
    for (const { headers: told, key, value, timestamp } of letters.messages) {
      const reason = told['dl_reason'] as string;
      expect(value).toEqual(Buffer.from(bad[reason]!.value));
      expect(key).toBe(`key of ${reason}`);
      expect(told).toMatchObject({
        ...bad[reason]!.headers,
        dl_group: 'closeloop.hop',
        dl_topic: 'feedback.received.v1',
        dl_partition: '0',
        dl_attempts: '0',
      });
      expect(told['dl_id']).toMatch(/^[0-9a-f-]{36}$/);
      expect(Number(told['dl_offset'])).toBeGreaterThan(0);
      expect(timestamp - sentAt).toBeLessThan(1_000);
    }
    expect(new Set(letters.messages.map(({ headers: told }) => told['dl_reason']))).toEqual(new Set(Object.keys(bad)));
    expect(new Set(letters.messages.map(({ headers: told }) => told['dl_id'])).size).toBe(5);
  });

  it('halves a batch down to the event that fails by itself, tries it three times, and goes on', async () => {
    const recorder = await environment.record(feedbackTagged.topic);
    const letters = await environment.record(deadLetterTopic(feedbackReceived.topic));
    let alone = 0;
    await publish(many('event', 40), 0);
    await start((events) =>
      events.map((event) => {
        if (event.data.externalId === 'event-30') return drop('not wanted');
        if (event.data.externalId !== 'event-17') return tag(event);
        if (events.length === 1) alone++;
        return (undefined as unknown as { tag(): Outcome }).tag();
      }),
    );
    await eventually(() => expect(letters.messages).toHaveLength(2));
    await eventually(() => expect(recorder.messages).toHaveLength(38));
    expect(alone).toBe(3);
    const [failed, dropped] = letters.messages.map(({ headers }) => headers);
    expect(failed).toMatchObject({ dl_reason: 'handler-error', dl_offset: '17', dl_attempts: '3' });
    expect(failed!['dl_message']).toMatch(/^TypeError: Cannot read properties of undefined/);
    expect(failed!['dl_stack']).toContain('hop.int.spec');
    expect(dropped).toMatchObject({ dl_reason: 'handler-error', dl_offset: '30' });
    expect(dropped!['dl_message']).toContain('a hop may not drop');
  });

  it('pauses a partition whose handler cannot reach something, tells it is not ready, and goes on in order', async () => {
    const recorder = await environment.record(feedbackTagged.topic);
    let away = true;
    await start((events) => {
      const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', syscall: 'connect' });
      if (away && events.some(({ partition }) => partition === 0)) throw new Error('no answer', { cause: refused });
      return events.map(tag);
    });
    await publish(many('stuck', 20), 0);
    await publish(many('free', 20), 1);
    await eventually(() => expect(recorder.messages).toHaveLength(20));
    expect(new Set(namesIn(recorder))).toEqual(new Set(many('free', 20)));
    await eventually(async () => expect(await readiness()).toMatch(/^503.*feedback\.received\.v1\/0 is paused/));
    away = false;
    await eventually(() => expect(recorder.messages).toHaveLength(40));
    await eventually(async () => expect(await readiness()).toMatch(/^200/));
    for (const partition of [0, 1]) {
      const order = recorder.messages
        .filter((message) => message.partition === partition)
        .map(({ value }) => (JSON.parse(value.toString()) as FeedbackTagged).feedback.externalId!)
        .filter((name) => name.startsWith('stuck'))
        .map((name) => Number(name.split('-')[1]));
      expect(order).toEqual([...order].sort((a, b) => a - b));
    }
  });

  it('pauses when many events in a row fail by themselves, and makes no more dead letters of them', async () => {
    const recorder = await environment.record(feedbackTagged.topic);
    const letters = await environment.record(deadLetterTopic(feedbackReceived.topic));
    let broken = true;
    await publish(many('event', 50), 0);
    await start((events) => {
      if (broken) throw new RangeError('a bad deployment');
      return events.map(tag);
    });
    await eventually(async () => expect(await readiness()).toMatch(/^503.*TooManyFailures/));
    const dead = letters.messages.length;
    expect(dead).toBe(19);
    broken = false;
    await eventually(() => expect(recorder.messages).toHaveLength(50 - dead));
    expect(letters.messages).toHaveLength(dead);
  });

  it('takes what is replayed for its own group, and skips what is for another', async () => {
    const recorder = await environment.record(feedbackTagged.topic);
    const replayed: boolean[] = [];
    await start((events) =>
      events.map((event) => {
        replayed.push(event.replayed);
        return tag(event);
      }),
    );
    await environment.publish(feedbackReceived.topic, [
      { ...receivedMessage(feedback('of another'), { replay_group: 'closeloop.other' }), partition: 0 },
      { ...receivedMessage(feedback('own'), { replay_group: 'closeloop.hop' }), partition: 0 },
      { ...receivedMessage(feedback('first')), partition: 0 },
    ]);
    await eventually(() => expect(recorder.messages).toHaveLength(2));
    expect(new Set(namesIn(recorder))).toEqual(new Set(['own', 'first']));
    expect(replayed).toEqual([true, false]);
    expect(recorder.messages.every(({ headers }) => !('replay_group' in headers))).toBe(true);
    // What the replay causes says so to the steps after it.
    const resent = (name: string) =>
      recorder.messages.find((_, at) => namesIn(recorder)[at] === name)!.headers[resendHeader];
    expect(resent('own')).toBe(hopEventId('received', feedback('own')));
    expect(resent('first')).toBeUndefined();
  });

  it('hands on that an event was sent again, the trace and the way it came; a dead letter keeps those it came with', async () => {
    const recorder = await environment.record(feedbackTagged.topic);
    const letters = await environment.record(deadLetterTopic(feedbackReceived.topic));
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const step = { group: 'g', topic: 't', partition: 3, offset: '7', at: '2026-01-01T00:00:00.000Z', attempts: 2 };
    const carried = { traceparent, [resendHeader]: 'request 1', [trailHeader]: withStep(undefined, step) };
    let fails = true;
    const replayed: boolean[] = [];
    await start((events) => {
      if (fails) {
        fails = false;
        throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
      }
      replayed.push(...events.map((event) => event.replayed));
      return events.map((event) => (event.data.externalId === 'dies' ? deadLetter('handler-error', 'no') : tag(event)));
    });
    await environment.publish(feedbackReceived.topic, [
      { ...receivedMessage(feedback('lives'), carried), partition: 0 },
      { ...receivedMessage(feedback('dies'), carried), partition: 0 },
    ]);
    await eventually(() => expect(recorder.messages).toHaveLength(1));
    await eventually(() => expect(letters.messages).toHaveLength(1));
    expect(replayed).toEqual([true, true]);
    const { headers } = recorder.messages[0]!;
    expect(headers).toMatchObject({ traceparent, [resendHeader]: 'request 1' });
    const [first, own, ...rest] = trailOf(headers[trailHeader]);
    expect(rest).toEqual([]);
    expect(first).toEqual(step);
    expect(own).toMatchObject({ group: 'closeloop.hop', topic: feedbackReceived.topic, partition: 0, offset: '0' });
    expect(own!.attempts).toBe(2);
    expect(Math.abs(Date.parse(own!.at) - Date.now())).toBeLessThan(60_000);
    expect(letters.messages[0]!.headers).toMatchObject({ ...carried, dl_attempts: '2' });
  });

  it('goes on where it stopped, without a gap; what was in flight at the stop is finished', async () => {
    const recorder = await environment.record(feedbackTagged.topic);
    const handle: Handle<FeedbackReceived> = async (events) => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      return events.map(tag);
    };
    const first = await start(handle);
    await publish(many('event', 1_500), 0);
    await eventually(() => expect(recorder.messages.length).toBeGreaterThan(0));
    await first.close();
    await start(handle);
    await eventually(() => expect(new Set(namesIn(recorder)).size).toBe(1_500));
    // Nothing was in doubt, so nothing came twice.
    expect(recorder.messages).toHaveLength(1_500);
  });

  it('is alarmed by a position that its log no longer holds, and skips nothing in silence', async () => {
    const recorder = await environment.record(feedbackTagged.topic);
    const first = await start((events) => events.map(tag));
    await publish(many('seen', 5), 0);
    await eventually(() => expect(recorder.messages).toHaveLength(5));
    await first.close();
    await publish(many('lost', 5), 0);
    const admin = environment.kafka.admin();
    await admin.connect();
    try {
      const topic = environment.topicPrefix + feedbackReceived.topic;
      await admin.fetchTopicOffsets(topic); // loads the metadata that the next call needs
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '8' }] });
      await start((events) => events.map(tag));
      await eventually(async () => expect(await readiness()).toMatch(/^503.*goes on at 5, but its log holds 8 to 10/));
      await publish(['other partition'], 1);
      await eventually(() => expect(namesIn(recorder)).toContain('other partition'));
      expect(recorder.messages).toHaveLength(6);
      const [committed] = await admin.fetchOffsets({
        groupId: `${environment.topicPrefix}closeloop.hop`,
        topics: [topic],
      });
      expect(committed!.partitions.find(({ partition }) => partition === 0)!.offset).toBe('5');
    } finally {
      await admin.disconnect();
    }
  });
});

describe('a station', () => {
  it('refuses to start with a consumed topic that nothing handles, and with a handler of another topic', async () => {
    const consumer = receivedConsumer((events) => events.map(tag));
    await expect(startStation(environment, stationOf('hop'), [], { mode: 'hop' })).rejects.toThrow(
      'closeloop.hop consumes feedback.received.v1, but nothing handles it',
    );
    const deaf = { ...stationOf('hop'), consumes: [] };
    await expect(startStation(environment, deaf, [consumer], { mode: 'hop' })).rejects.toThrow(
      'There is a handler of feedback.received.v1, which closeloop.hop does not consume',
    );
  });
});
