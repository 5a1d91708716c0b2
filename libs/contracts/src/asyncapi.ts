import { deadLetterHeaders, deadLetterReasons, deadLetterTopic } from './dead-letter.js';
import type { EventDeclaration, EventFamily } from './event-declaration.js';
import { schemasOf } from './json-schema.js';
import type { JsonSchema } from './json-schema-document.js';
import { directionOf, eventFamilies, events, pipeline, topics, type Station } from './pipeline.js';

interface Reference {
  $ref: string;
}

/** An AsyncAPI 3.0 document, as far as this one goes. */
export interface AsyncApiDocument {
  asyncapi: '3.0.0';
  info: { title: string; version: string; description: string; license: { name: string; url: string } };
  defaultContentType: string;
  channels: Record<string, object>;
  operations: Record<string, object>;
  components: { messages: Record<string, object>; schemas: Record<string, JsonSchema> };
}

const refer = (kind: 'messages' | 'schemas', name: string): Reference => ({ $ref: `#/components/${kind}/${name}` });
const schemaReference = (name: string): string => refer('schemas', name).$ref;
const kafka = '0.5.0';

const cloudEventHeaders = (type: JsonSchema, isProduced: boolean): JsonSchema => ({
  type: 'object',
  properties: {
    ce_specversion: { type: 'string', enum: ['1.0'] },
    ce_type: type,
    ce_id: { type: 'string', description: 'Derived: the same input and meaning has the same id' },
    ce_source: { type: 'string', description: 'closeloop/<service>' },
    ce_subject: { type: 'string', description: 'feedbackId, or loopId where a loop changed' },
    ce_time: { type: 'string', format: 'date-time' },
    'content-type': { type: 'string', enum: ['application/json'] },
    traceparent: { type: 'string', description: 'W3C Trace Context' },
  },
  // what producers elsewhere send is read by its value alone
  ...(isProduced && {
    required: ['ce_specversion', 'ce_type', 'ce_id', 'ce_source', 'ce_subject', 'ce_time', 'content-type'],
  }),
});

const messageOf = (
  name: string,
  event: Pick<EventDeclaration, 'data' | 'description'>,
  headers: JsonSchema,
): object => ({
  name,
  title: event.data.name,
  summary: event.description,
  contentType: 'application/json',
  headers,
  payload: { $ref: schemaReference(event.data.name) },
  bindings: { kafka: { key: { type: 'string', description: 'What keeps its order' }, bindingVersion: kafka } },
});

const eventMessage = (event: EventDeclaration): object =>
  messageOf(
    event.topic,
    event,
    cloudEventHeaders({ type: 'string', enum: [event.topic] }, directionOf(event) === 'produced'),
  );

const familyMessage = (family: EventFamily): object =>
  messageOf(
    family.name,
    family,
    cloudEventHeaders({ type: 'string', description: 'The topic: one for each name' }, true),
  );

const deadLetterMessage = (topic: string): object => ({
  name: topic,
  title: 'Dead letter',
  summary: 'Key, value and headers of what a group could not handle, as they were, and why',
  headers: {
    type: 'object',
    properties: Object.fromEntries(
      Object.entries(deadLetterHeaders).map(([name, header]) => [
        header,
        name === 'reason' ? { type: 'string', enum: [...deadLetterReasons] } : { type: 'string' },
      ]),
    ),
    required: Object.values(deadLetterHeaders).filter((header) => header !== deadLetterHeaders.stack),
  },
  payload: { description: 'As it was; it may be no JSON at all' },
});

const operationsOf = (service: string, station: Station): [string, object][] => {
  const operation = (action: 'send' | 'receive', topic: string): [string, object] => [
    `${service}.${action}.${topic}`,
    {
      action,
      channel: { $ref: `#/channels/${topic}` },
      messages: [{ $ref: `#/channels/${topic}/messages/event` }],
      tags: [{ name: service }],
      ...(action === 'receive' && {
        bindings: { kafka: { groupId: { type: 'string', enum: [station.group] }, bindingVersion: kafka } },
      }),
    },
  ];
  return [
    ...station.consumes.map(({ topic }) => operation('receive', topic)),
    ...station.consumesDeadLettersOf.map(({ topic }) => operation('receive', deadLetterTopic(topic))),
    ...station.produces.map(({ topic }) => operation('send', topic)),
    ...station.producesFamilies.map(({ name }) => operation('send', name)),
    ...station.consumes.map(({ topic }) => operation('send', deadLetterTopic(topic))),
  ];
};

/** The AsyncAPI 3.0 document of the whole system: a channel a topic, and what each service of the pipeline does there. */
export function asyncApiDocument(): AsyncApiDocument {
  const messages = new Map<string, object>(events.map((event) => [event.topic, eventMessage(event)]));
  for (const topic of topics) if (!messages.has(topic)) messages.set(topic, deadLetterMessage(topic));
  for (const family of eventFamilies) messages.set(family.name, familyMessage(family));
  const classesOf = (direction: 'offered' | 'produced'): (new () => object)[] =>
    events.filter((event) => directionOf(event) === direction).map(({ data }) => data);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Closeloop',
      version: '1.0.0',
      description:
        'CloudEvents 1.0 in Kafka binary mode: the value is the data as JSON, everything else is in headers.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries([
      ...topics.map((topic) => [topic, { address: topic, messages: { event: refer('messages', topic) } }] as const),
      ...eventFamilies.map(
        ({ name, address, parameter }) =>
          [
            name,
            {
              address,
              parameters: { [parameter.name]: { description: parameter.description } },
              messages: { event: refer('messages', name) },
            },
          ] as const,
      ),
    ]),
    operations: Object.fromEntries(
      Object.entries(pipeline).flatMap(([service, station]) => operationsOf(service, station)),
    ),
    components: {
      messages: Object.fromEntries(messages),
      schemas: {
        ...schemasOf(classesOf('offered'), schemaReference),
        // a class that both nest is described as readers see it
        ...schemasOf([...classesOf('produced'), ...eventFamilies.map(({ data }) => data)], schemaReference, {
          unknownProperties: 'ignore',
        }),
      },
    },
  };
}
