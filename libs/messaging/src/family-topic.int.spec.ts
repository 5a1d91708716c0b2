import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { teamInboxes, teamInboxTopic } from '@closeloop/contracts';
import { loadConfig } from '@closeloop/platform';
import { eventually, type TestEnvironment } from '@closeloop/testing';
import { BatchProducer, kafkaConnection, partitionCounts, TopicRefused } from './batch-producer.js';
import { adminOf, kafkaClient } from './kafka.client.js';
import { KafkaConfig } from './kafka.config.js';
import { kafkaEnvironment } from './service.fixture.js';
import { ensureTopic } from './topics.js';
import { type WireMessage } from './wire.js';

jest.setTimeout(60_000);

let environment: TestEnvironment;
beforeAll(async () => {
  environment = await kafkaEnvironment();
}, 60_000);
afterAll(() => environment.close(), 60_000);

const inbox = (team: string, value: string): WireMessage => ({
  ...{ topic: teamInboxTopic(team), key: Buffer.from(value), value: Buffer.from(value), headers: {} },
});
function producerOf(more: Record<string, string> = {}): BatchProducer {
  const config = loadConfig(KafkaConfig, { ...environment.env, ...more });
  return new BatchProducer(
    kafkaConnection(() => kafkaClient(config, 'family')),
    partitionCounts(adminOf(config, 'family'), (admin, topic) =>
      teamInboxes.has(topic.slice(config.prefix.length)) ? ensureTopic(admin, topic, config) : undefined,
    ),
    config.prefix,
  );
}

it('makes the topic of a team that is not there, once, whoever comes first', async () => {
  const [one, other] = [producerOf(), producerOf()];
  await Promise.all([one.send([inbox('made', '1')]), other.send([inbox('made', '2')])]);
  await one.send([inbox('made', '3')]);
  const admin = environment.kafka.admin();
  await admin.connect();
  const { topics } = await admin.fetchTopicMetadata({ topics: [environment.topicPrefix + teamInboxTopic('made')] });
  expect(topics[0]?.partitions).toHaveLength(Number(environment.env['KAFKA_PARTITIONS']));
  await admin.disconnect();
  await Promise.all([one.close(), other.close()]);
});

it('says of which topic it is where Kafka lets none be made, and of an unknown topic of another kind, too', async () => {
  // no such Kafka has three brokers
  const producer = producerOf({ KAFKA_REPLICATION: '3' });
  const refusal = await producer.send([inbox('refused', '1')]).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(TopicRefused);
  expect((refusal as TopicRefused).topic).toBe(teamInboxTopic('refused'));
  await expect(producer.send([{ ...inbox('x', '1'), topic: 'nobody.knows.v1' }])).rejects.toThrow('is not there');
  await producer.close();
});

it('finds out when a topic that it knows was deleted', async () => {
  const producer = producerOf();
  await producer.send([inbox('gone', '1')]);
  const admin = environment.kafka.admin();
  await admin.connect();
  const topic = environment.topicPrefix + teamInboxTopic('gone');
  await admin.deleteTopics({ topics: [topic] });
  // The controller answers before the broker has heard; until then it takes what is sent.
  await eventually(async () => expect(await admin.listTopics()).not.toContain(topic));
  await expect(producer.send([inbox('gone', '2')])).rejects.toThrow(TopicRefused);
  await producer.send([inbox('gone', '3')]);
  await admin.disconnect();
  await producer.close();
});
