import {
  deadLetterReasons,
  FeedbackInput,
  feedbackInbound,
  feedbackKinds,
  loopStates,
  priorities,
  schemasOf,
  sentimentLabels,
  settlementOutcomes,
} from '@closeloop/contracts';
import { stationPaths } from '@closeloop/messaging';
import { auditPaths, jsonContent, type OpenApiDocument, type OpenApiOperation, schemaRef } from '@closeloop/platform';
import { countedResults } from '../domain/acceptance-store.js';
import { letterStates } from '../domain/dead-letters.js';
import { discardResults, replayResults } from '../domain/letter-replay.js';
import { stages } from '../domain/reconciliation.js';
import { replySenderKinds } from '../domain/reply-senders.js';
import { webhookMappings } from '../domain/webhook-connectors.js';
import { ApiKeyRequest } from './api-key.request.js';
import { DiscardRequest, ReplayRequest } from './dead-letter.request.js';
import { ReplySecretRequest, ReplySenderRequest } from './reply-sender.request.js';
import { RepublishRequest } from './republish.request.js';
import { WebhookConnectorRequest, WebhookSecretRequest } from './webhook-connector.request.js';

const contractClasses = [
  FeedbackInput,
  ApiKeyRequest,
  WebhookConnectorRequest,
  WebhookSecretRequest,
  ReplySenderRequest,
  ReplySecretRequest,
  ReplayRequest,
  DiscardRequest,
  RepublishRequest,
];

const connector: OpenApiOperation['security'] = [{ apiKey: [] }];
const admin: OpenApiOperation['security'] = [{ person: [] }];
const both = [...connector, ...admin];
const nobody: OpenApiOperation['security'] = [];

const answer = (description: string, schema: object, extra: object = {}) => ({
  description,
  content: jsonContent(schema, extra),
});
const limited = {
  headers: {
    RateLimit: { description: 'What is left, and when all of it is back', schema: { type: 'string' } },
    'RateLimit-Policy': { description: 'Events at once, and in which time', schema: { type: 'string' } },
  },
};

/** Problems that a route may answer with, by the names of `components.responses`. */
const problems = (...names: (keyof typeof problemResponses)[]) =>
  Object.fromEntries(names.map((name) => [problemResponses[name].status, { $ref: `#/components/responses/${name}` }]));

const problemResponses = {
  Invalid: { status: '400', description: 'Not valid; `errors` says where and why' },
  Unauthenticated: { status: '401', description: 'No key, token or signature that is known' },
  Forbidden: { status: '403', description: 'Not for you' },
  NotFound: { status: '404', description: 'There is none' },
  VersionConflict: { status: '409', description: 'There is one already' },
  TooLarge: { status: '413', description: 'The body is past the bound, as sent or as unpacked' },
  UnsupportedMediaType: { status: '415', description: 'Not a media type or encoding that is taken here' },
  RateLimited: { status: '429', description: 'Too many events; Retry-After says when to send again' },
  Unavailable: {
    status: '503',
    description: 'The store is away or the outbox is full; nothing was accepted. Retry-After says when to send again',
  },
} as const;

const sending = problems(
  'Invalid',
  'Unauthenticated',
  'Forbidden',
  'TooLarge',
  'UnsupportedMediaType',
  'RateLimited',
  'Unavailable',
);
const administering = problems('Unauthenticated', 'Forbidden', 'Unavailable');

const feedbackExample = {
  channel: 'review',
  externalId: 'review-4711',
  author: { externalId: 'guest-42', name: 'Ana' },
  title: 'Two hours at the desk',
  text: 'The room was lovely, but we waited two hours for it.',
  rating: { value: 3, scale: 5 },
  occurredAt: '2026-11-20T18:30:00Z',
};

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  description: 'A request repeated with its key gets the results it had, and counts nothing again',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};
const inPath = (name: string, description: string, schema: object = { type: 'string' }) => ({
  name,
  in: 'path',
  required: true,
  description,
  schema,
});

const inQuery = (name: string, description: string, schema: object) => ({ name, in: 'query', description, schema });

const letterFilters = [
  inQuery('feedbackId', 'Of that feedback, accepted or not', { type: 'string', format: 'uuid' }),
  inQuery('topic', 'Where the event that died came from', { type: 'string' }),
  inQuery('group', 'The consumer group that could not handle it', { type: 'string' }),
  inQuery('reason', 'Why', { type: 'string', examples: deadLetterReasons }),
  inQuery('source', 'Of the feedback', { type: 'string' }),
  inQuery('from', 'Died then or later', { type: 'string', format: 'date-time' }),
  inQuery('to', 'Died before that', { type: 'string', format: 'date-time' }),
];
const lettersDone = (results: readonly string[]) => ({
  type: 'object',
  required: ['results', 'remaining'],
  properties: {
    results: {
      type: 'array',
      items: {
        type: 'object',
        required: ['id', 'result'],
        properties: {
          id: { type: 'string', format: 'uuid' },
          result: { type: 'string', enum: results },
          failedAs: { type: 'string', format: 'uuid', description: 'The letter that its replay became' },
        },
      },
    },
    remaining: { type: 'integer', minimum: 0, description: 'How many the filter finds after these' },
    next: { type: 'string', description: 'The cursor to go on with' },
  },
});

const paths: OpenApiDocument['paths'] = {
  '/v1/feedback': {
    post: {
      operationId: 'sendFeedback',
      summary: 'Send one feedback',
      tags: ['feedback'],
      security: connector,
      parameters: [idempotencyKey],
      requestBody: { required: true, content: jsonContent(schemaRef('FeedbackInput'), { example: feedbackExample }) },
      responses: {
        '200': { ...answer('Nothing new: duplicate or stale', schemaRef('AcceptanceResult')), ...limited },
        '202': {
          ...answer('Accepted for good, as new or as the next revision', schemaRef('AcceptanceResult')),
          ...limited,
        },
        ...sending,
      },
    },
  },
  '/v1/feedback/batch': {
    post: {
      operationId: 'sendFeedbackBatch',
      summary: 'Send up to 1,000, with a result for each',
      tags: ['feedback'],
      security: connector,
      parameters: [idempotencyKey],
      requestBody: {
        required: true,
        content: jsonContent(
          { type: 'array', items: schemaRef('FeedbackInput'), minItems: 1, maxItems: 1000 },
          { example: [feedbackExample] },
        ),
      },
      responses: {
        '200': { ...answer('A result for each, in their order', schemaRef('BatchResults')), ...limited },
        ...sending,
      },
    },
  },
  '/v1/feedback/import': {
    post: {
      operationId: 'importFeedback',
      summary: 'Send a file of any size',
      description:
        'NDJSON, or CSV whose columns are named as the fields (`rating.value`, `author.externalId`, `attributes.<key>`; any other column becomes an attribute). ' +
        'The answer is a stream of lines: one for each bad record, and the sums at the end; or `stopped` with the line from which nothing was taken in. ' +
        'Sending the same file again doubles nothing.',
      tags: ['feedback'],
      security: connector,
      parameters: [
        { ...idempotencyKey, description: 'With the line, the id of a record that has no externalId' },
        {
          name: 'historic',
          in: 'query',
          description:
            'Whether records that do not say so are from the past: they start no clock and open no loop unless a rule asks for it',
          schema: { type: 'boolean', default: true },
        },
      ],
      requestBody: {
        required: true,
        content: {
          'application/x-ndjson': { schema: { type: 'string' }, example: `${JSON.stringify(feedbackExample)}\n` },
          'application/ndjson': { schema: { type: 'string' } },
          'application/jsonl': { schema: { type: 'string' } },
          'text/csv': {
            schema: { type: 'string' },
            example:
              'externalId,channel,text,rating.value,rating.scale\nreview-4711,review,Two hours at the desk,3,5\n',
          },
        },
      },
      responses: {
        '200': {
          description: 'The report; each line is one JSON object',
          content: { 'application/x-ndjson': { schema: schemaRef('ImportReportLine') } },
        },
        ...problems('Invalid', 'Unauthenticated', 'Forbidden', 'UnsupportedMediaType', 'Unavailable'),
      },
    },
  },
  '/v1/feedback/{feedbackId}': {
    get: {
      operationId: 'getFeedback',
      summary: 'What became of a feedback, and its revisions',
      tags: ['feedback'],
      security: both,
      parameters: [inPath('feedbackId', 'Id of the feedback', { type: 'string', format: 'uuid' })],
      responses: {
        '200': answer('The feedback', schemaRef('FeedbackReport')),
        ...problems('NotFound'),
        ...administering,
      },
    },
  },
  '/v1/feedback/{feedbackId}/trace': {
    get: {
      operationId: 'traceFeedback',
      summary: 'Where a feedback has been, with times, attempts and offsets',
      description: 'For a key of its source, managers and admins.',
      tags: ['feedback'],
      security: both,
      parameters: [inPath('feedbackId', 'Id of the feedback', { type: 'string', format: 'uuid' })],
      responses: { '200': answer('Its way', schemaRef('Trace')), ...problems('NotFound'), ...administering },
    },
  },
  '/v1/republish': {
    post: {
      operationId: 'republishFeedback',
      summary: 'Send accepted feedback again, from what is kept of it',
      description:
        'For a Kafka that lost it: every revision, in order, under the id that it had. What was settled says so again; twice is harmless. ' +
        'One page a request: ask on with `cursor`. 503 while more than 10,000 events wait to be sent: ask again for the same page.',
      tags: ['ledger'],
      security: admin,
      requestBody: {
        required: true,
        content: jsonContent(schemaRef('RepublishRequest'), { example: { from: '2026-11-20T00:00:00Z' } }),
      },
      responses: {
        '200': answer('What was put into the outbox', {
          type: 'object',
          required: ['feedback', 'events', 'erased'],
          properties: {
            feedback: { type: 'integer', minimum: 0, description: 'Feedback that the page was of' },
            events: { type: 'integer', minimum: 0 },
            erased: { type: 'integer', minimum: 0, description: 'Revisions whose content was erased' },
            cursor: { type: 'string', description: 'Where the next page begins; absent after the last one' },
          },
        }),
        ...problems('Invalid'),
        ...administering,
      },
    },
  },
  '/v1/reconciliation': {
    get: {
      operationId: 'listLedgerRows',
      summary: 'The ledger row by row, to compare the loop service with',
      tags: ['ledger'],
      security: admin,
      parameters: [
        inQuery('from', 'A revision was received then or later', { type: 'string', format: 'date-time' }),
        inQuery('to', 'A revision was received before that', { type: 'string', format: 'date-time' }),
        inQuery('cursor', 'Where the page before ended', { type: 'string' }),
        inQuery('limit', 'Rows on a page', { type: 'integer', minimum: 1, maximum: 1000, default: 1000 }),
        inQuery('ids', 'These alone, by commas, 100 at most', { type: 'string' }),
      ],
      responses: {
        '200': answer('A page by the order of ids; `cursor` is there while more follow', {
          type: 'object',
          required: ['rows', 'counts'],
          properties: {
            rows: { type: 'array', items: schemaRef('ReconciliationRow') },
            counts: {
              type: 'object',
              required: [...stages],
              properties: Object.fromEntries(stages.map((stage) => [stage, { type: 'integer', minimum: 0 }])),
              description: 'Of this page',
            },
            cursor: { type: 'string' },
          },
        }),
        ...problems('Invalid'),
        ...administering,
      },
    },
  },
  '/v1/ledger': {
    get: {
      operationId: 'getLedger',
      summary: 'How many came in, what became of them, and what is still open',
      tags: ['ledger'],
      security: both,
      parameters: [
        {
          name: 'source',
          in: 'query',
          description: 'Of this source only; a connector sees its own only',
          schema: { type: 'string' },
        },
        {
          name: 'missing',
          in: 'query',
          description: 'Lists the ids of the oldest missing ones too',
          schema: { type: 'string', enum: ['ids'] },
        },
        {
          name: 'limit',
          in: 'query',
          description: 'How many ids',
          schema: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
        },
      ],
      responses: { '200': answer('The ledger', schemaRef('Ledger')), ...problems('Invalid'), ...administering },
    },
  },
  '/v1/dead-letters': {
    get: {
      operationId: 'listDeadLetters',
      summary: 'What died on its way, oldest first',
      tags: ['dead letters'],
      security: admin,
      parameters: [
        ...letterFilters,
        inQuery('state', 'Only those; without it, all', { type: 'string', enum: letterStates }),
        inQuery('limit', 'Letters on a page', { type: 'integer', minimum: 1, maximum: 200, default: 50 }),
        inQuery('cursor', 'Where the page before ended', { type: 'string' }),
      ],
      responses: {
        '200': answer('A page; `cursor` is there while more follow', {
          type: 'object',
          required: ['items'],
          properties: { items: { type: 'array', items: schemaRef('DeadLetter') }, cursor: { type: 'string' } },
        }),
        ...problems('Invalid'),
        ...administering,
      },
    },
  },
  '/v1/dead-letters/{id}': {
    get: {
      operationId: 'getDeadLetter',
      summary: 'Why something died, where, and its headers',
      tags: ['dead letters'],
      security: admin,
      parameters: [
        inPath('id', 'Id of the letter', { type: 'string', format: 'uuid' }),
        inQuery('value', 'With what it holds, for admins; that it was shown is audited', {
          type: 'boolean',
          default: false,
        }),
      ],
      responses: {
        '200': answer('The letter', schemaRef('WholeDeadLetter')),
        ...problems('Invalid', 'NotFound'),
        ...administering,
      },
    },
  },
  '/v1/dead-letters/replay': {
    post: {
      operationId: 'replayDeadLetters',
      summary: 'Send dead letters again, to the group that failed alone',
      description:
        'To where they came from, byte for byte; sent before it is answered for good, and told what became of it by `GET`. Asked twice it is sent once. ' +
        'By ids, or the oldest 200 that a filter finds; then `remaining` says how many more there are, and `next` is the cursor to go on with.',
      tags: ['dead letters'],
      security: admin,
      requestBody: {
        required: true,
        content: jsonContent(schemaRef('ReplayRequest'), {
          example: { filter: { topic: 'feedback.tagged.v1', reason: 'handler-error' } },
        }),
      },
      responses: {
        '200': answer('What was done with each', lettersDone(replayResults)),
        ...problems('Invalid'),
        ...administering,
      },
    },
  },
  '/v1/dead-letters/discard': {
    post: {
      operationId: 'discardDeadLetters',
      summary: 'Note that nobody is to do more about them; they stay readable',
      tags: ['dead letters'],
      security: admin,
      requestBody: {
        required: true,
        content: jsonContent(schemaRef('DiscardRequest'), {
          example: { ids: ['0b4e7a4e-94e9-5f4e-8a3c-1d1f6f2f3a4b'], reason: 'sent by a test of the connector' },
        }),
      },
      responses: {
        '200': answer('What was done with each', lettersDone(discardResults)),
        ...problems('Invalid'),
        ...administering,
      },
    },
  },
  '/v1/events': {
    post: {
      operationId: 'sendEvents',
      summary: 'Send CloudEvents',
      description: `CloudEvents 1.0 of type \`${feedbackInbound.topic}\`, whose data is a feedback: binary (headers \`ce-*\`), structured, or batched.`,
      tags: ['feedback'],
      security: connector,
      parameters: ['specversion', 'id', 'source', 'type'].map((name) => ({
        name: `ce-${name}`,
        in: 'header',
        description: 'Binary mode only, and needed there',
        schema: { type: 'string' },
      })),
      requestBody: {
        required: true,
        content: {
          ...jsonContent(schemaRef('FeedbackInput'), { example: feedbackExample }),
          'application/cloudevents+json': {
            schema: schemaRef('CloudEvent'),
            example: {
              specversion: '1.0',
              id: 'a1',
              source: '/reviews',
              type: feedbackInbound.topic,
              data: feedbackExample,
            },
          },
          'application/cloudevents-batch+json': {
            schema: { type: 'array', items: schemaRef('CloudEvent'), minItems: 1, maxItems: 1000 },
          },
        },
      },
      responses: {
        '200': {
          ...answer('Nothing new; or for a batch, a result for each', {
            anyOf: [schemaRef('AcceptanceResult'), schemaRef('BatchResults')],
          }),
          ...limited,
        },
        '202': { ...answer('Accepted for good', schemaRef('AcceptanceResult')), ...limited },
        ...sending,
      },
    },
  },
  '/v1/webhooks/{connector}': {
    post: {
      operationId: 'receiveWebhook',
      summary: 'Where a sender of Standard Webhooks delivers',
      description:
        'The signature is over the bytes of the body. A payload is one feedback, an array of them, or `{"events": [...]}`, with or without the envelope `{type, timestamp, data}`. `webhook-id` makes a repeated delivery the same request.',
      tags: ['webhooks'],
      security: [{ webhookSignature: [] }],
      parameters: [
        inPath('connector', 'Name of the webhook connector'),
        ...['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => ({
          name,
          in: 'header',
          required: true,
          schema: { type: 'string' },
        })),
      ],
      requestBody: {
        required: true,
        content: jsonContent({
          anyOf: [
            schemaRef('FeedbackInput'),
            { type: 'array', items: schemaRef('FeedbackInput'), maxItems: 1000 },
            {
              type: 'object',
              required: ['events'],
              properties: { events: { type: 'array', items: schemaRef('FeedbackInput') } },
            },
          ],
        }),
      },
      responses: {
        '200': {
          ...answer('Nothing new; or for many, a result for each', {
            anyOf: [schemaRef('AcceptanceResult'), schemaRef('BatchResults')],
          }),
          ...limited,
        },
        '202': { ...answer('Accepted for good', schemaRef('AcceptanceResult')), ...limited },
        ...problems('Invalid', 'Unauthenticated', 'TooLarge', 'UnsupportedMediaType', 'RateLimited', 'Unavailable'),
      },
    },
  },
  '/v1/webhook-connectors': {
    get: {
      operationId: 'listWebhookConnectors',
      summary: 'All webhook connectors, without their secrets',
      tags: ['webhooks'],
      security: admin,
      responses: {
        '200': answer('The connectors', {
          type: 'object',
          required: ['connectors'],
          properties: { connectors: { type: 'array', items: schemaRef('WebhookConnector') } },
        }),
        ...administering,
      },
    },
    post: {
      operationId: 'createWebhookConnector',
      summary: 'Let a sender of signed webhooks in',
      tags: ['webhooks'],
      security: admin,
      requestBody: {
        required: true,
        content: jsonContent(schemaRef('WebhookConnectorRequest'), {
          example: { name: 'survey-tool', source: 'surveys' },
        }),
      },
      responses: {
        '201': answer('The connector, with its secret: it is shown once', schemaRef('WebhookConnectorWithSecret')),
        ...problems('Invalid', 'VersionConflict'),
        ...administering,
      },
    },
  },
  '/v1/webhook-connectors/{name}/secrets': {
    post: {
      operationId: 'rotateWebhookSecret',
      summary: 'Add a secret, and let the ones before it end after an overlap',
      tags: ['webhooks'],
      security: admin,
      parameters: [inPath('name', 'Name of the webhook connector')],
      requestBody: { content: jsonContent(schemaRef('WebhookSecretRequest'), { example: { overlapSeconds: 3600 } }) },
      responses: {
        '201': answer('The connector, with the new secret: it is shown once', schemaRef('WebhookConnectorWithSecret')),
        ...problems('Invalid', 'NotFound'),
        ...administering,
      },
    },
  },
  '/v1/webhook-connectors/{name}': {
    delete: {
      operationId: 'deleteWebhookConnector',
      summary: 'Shut a sender out',
      tags: ['webhooks'],
      security: admin,
      parameters: [inPath('name', 'Name of the webhook connector')],
      responses: { '204': { description: 'It is gone' }, ...problems('NotFound'), ...administering },
    },
  },
  '/v1/reply-senders': {
    get: {
      operationId: 'listReplySenders',
      summary: 'Who sends replies, by source, without secrets',
      tags: ['replies'],
      security: admin,
      responses: {
        '200': answer('The senders', {
          type: 'object',
          required: ['senders'],
          properties: { senders: { type: 'array', items: schemaRef('ReplySender') } },
        }),
        ...administering,
      },
    },
  },
  '/v1/reply-senders/{source}': {
    put: {
      operationId: 'setReplySender',
      summary: 'Say who sends replies for a source',
      tags: ['replies'],
      security: admin,
      parameters: [inPath('source', 'Name of the source')],
      requestBody: {
        required: true,
        content: jsonContent(schemaRef('ReplySenderRequest'), {
          example: { kind: 'webhook', url: 'https://shop.example/replies' },
        }),
      },
      responses: {
        '200': answer('The sender; with its secret where that is new: it is shown once', schemaRef('ReplySender')),
        ...problems('Invalid'),
        ...administering,
      },
    },
    delete: {
      operationId: 'removeReplySender',
      summary: 'Send no replies for a source any more',
      tags: ['replies'],
      security: admin,
      parameters: [inPath('source', 'Name of the source')],
      responses: { '204': { description: 'It is gone' }, ...problems('Invalid', 'NotFound'), ...administering },
    },
  },
  '/v1/reply-senders/{source}/secrets': {
    post: {
      operationId: 'rotateReplySecret',
      summary: 'Sign with a further secret, and with the ones before it until an overlap ends',
      tags: ['replies'],
      security: admin,
      parameters: [inPath('source', 'Name of the source')],
      requestBody: { content: jsonContent(schemaRef('ReplySecretRequest'), { example: { overlapSeconds: 3600 } }) },
      responses: {
        '201': answer('The sender, with the new secret: it is shown once', schemaRef('ReplySender')),
        ...problems('Invalid', 'NotFound'),
        ...administering,
      },
    },
  },
  '/v1/api-keys': {
    get: {
      operationId: 'listApiKeys',
      summary: 'All API keys, without their secrets',
      tags: ['api keys'],
      security: admin,
      responses: {
        '200': answer('The keys', {
          type: 'object',
          required: ['keys'],
          properties: { keys: { type: 'array', items: schemaRef('ApiKey') } },
        }),
        ...administering,
      },
    },
    post: {
      operationId: 'createApiKey',
      summary: 'A new API key for one source',
      tags: ['api keys'],
      security: admin,
      requestBody: {
        required: true,
        content: jsonContent(schemaRef('ApiKeyRequest'), { example: { source: 'reviews', name: 'the review poller' } }),
      },
      responses: {
        '201': answer('The key: it is shown once', schemaRef('ApiKeyWithSecret')),
        ...problems('Invalid'),
        ...administering,
      },
    },
  },
  '/v1/api-keys/self': {
    get: {
      operationId: 'getOwnApiKey',
      summary: 'Whose key is presented',
      tags: ['api keys'],
      security: connector,
      responses: {
        '200': answer('The key', {
          type: 'object',
          required: ['keyId', 'source'],
          properties: { keyId: { type: 'string' }, source: { type: 'string' } },
        }),
        ...administering,
      },
    },
  },
  '/v1/api-keys/{id}': {
    delete: {
      operationId: 'revokeApiKey',
      summary: 'End an API key for good',
      tags: ['api keys'],
      security: admin,
      parameters: [inPath('id', 'The key’s id, its second part')],
      responses: { '200': answer('The key, revoked', schemaRef('ApiKey')), ...problems('NotFound'), ...administering },
    },
  },
  '/openapi.json': {
    get: {
      operationId: 'getOpenApi',
      summary: 'This document',
      tags: ['operations'],
      security: nobody,
      responses: { '200': answer('OpenAPI 3.1', { type: 'object' }) },
    },
  },
  '/docs': {
    get: {
      operationId: 'getDocs',
      summary: 'A page to try it',
      tags: ['operations'],
      security: nobody,
      responses: { '200': { description: 'The page', content: { 'text/html': { schema: { type: 'string' } } } } },
    },
  },
  '/docs/{file}': {
    get: {
      operationId: 'getDocsFile',
      summary: 'A file of that page',
      tags: ['operations'],
      security: nobody,
      parameters: [inPath('file', 'Name of the file')],
      responses: { '200': { description: 'The file' }, ...problems('NotFound') },
    },
  },
  '/health/live': {
    get: {
      operationId: 'getLive',
      summary: 'Whether the process answers',
      tags: ['operations'],
      security: nobody,
      responses: { '200': answer('It does', { type: 'object' }) },
    },
  },
  '/health/ready': {
    get: {
      operationId: 'getReady',
      summary: 'Whether it may be given work, and if not, why',
      tags: ['operations'],
      security: nobody,
      responses: {
        '200': answer('Ready', { type: 'object' }),
        '503': answer('Not ready, with the reasons', { type: 'object' }),
      },
    },
  },
  '/metrics': {
    get: {
      operationId: 'getMetrics',
      summary: 'Measures, for Prometheus',
      tags: ['operations'],
      security: nobody,
      responses: { '200': { description: 'Text format', content: { 'text/plain': { schema: { type: 'string' } } } } },
    },
  },
  ...stationPaths(admin, 'operations', administering),
  ...auditPaths(admin, 'audit', { ...problems('Invalid'), ...administering }),
};

const timestamp = { type: 'string', format: 'date-time' };
const orNull = (schema: object) => ({ anyOf: [schema, { type: 'null' }] });
const object = (properties: Record<string, object>, optional: readonly string[] = []) => ({
  type: 'object',
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  properties,
});
const withSecret = (name: string, secret: string, description: string) => ({
  allOf: [schemaRef(name), object({ [secret]: { type: 'string', description } })],
});
const count = { type: 'integer', minimum: 0 };
const counts = { type: 'object', additionalProperties: count };
const text = { type: 'string' };
const uuid = { type: 'string', format: 'uuid' };

const violation = object({
  pointer: { type: 'string', description: 'RFC 6901; empty for the whole' },
  rule: { type: 'string' },
  message: { type: 'string' },
});

const shown = { anyOf: [object({ text }), object({ base64: { type: 'string', contentEncoding: 'base64' } })] };
const letterProperties = {
  id: uuid,
  feedbackId: uuid,
  revision: count,
  source: text,
  topic: text,
  partition: { type: 'integer' },
  offset: text,
  group: text,
  reason: text,
  message: text,
  attempts: count,
  diedAt: timestamp,
  state: {
    type: 'string',
    enum: letterStates,
    description: '`replayed`: sent again, and neither settled nor discarded; see `replay.became`',
  },
  settledAt: timestamp,
  replay: object(
    {
      at: timestamp,
      by: text,
      times: count,
      became: { type: 'string', enum: ['under-way', 'settled', 'failed-again'] },
      failedAs: { ...uuid, description: 'The letter that it failed as' },
    },
    ['failedAs'],
  ),
  discarded: object({ at: timestamp, by: text, reason: text }),
};
const optionalOfLetter = ['feedbackId', 'revision', 'source', 'settledAt', 'replay', 'discarded'];

const outcomeSchema = object(
  {
    outcome: { type: 'string', enum: settlementOutcomes.filter((outcome) => outcome !== 'superseded') },
    revision: { ...count, description: 'The highest settled' },
    settlement: count,
    team: text,
    sentiment: { type: 'string', enum: sentimentLabels },
    settledAt: timestamp,
  },
  ['team', 'sentiment'],
);
const loopSchema = object({
  loopId: uuid,
  version: count,
  state: { type: 'string', enum: loopStates },
  cycle: count,
  team: text,
  priority: { type: 'string', enum: priorities },
  changedAt: timestamp,
});
const trailSchema = {
  type: 'array',
  items: object({ group: text, topic: text, partition: count, offset: text, at: timestamp, attempts: count }),
};

/** What is answered; what is taken in comes from the contracts. */
const answerSchemas: Record<string, object> = {
  Violation: violation,
  Problem: object(
    {
      type: { type: 'string', examples: ['urn:closeloop:invalid'] },
      title: { type: 'string' },
      status: { type: 'integer' },
      detail: { type: 'string' },
      instance: { type: 'string' },
      errors: { type: 'array', items: schemaRef('Violation') },
    },
    ['detail', 'instance', 'errors'],
  ),
  AcceptanceResult: object(
    {
      result: { type: 'string', enum: ['accepted', 'revised', 'duplicate', 'stale'] },
      feedbackId: { type: 'string', format: 'uuid' },
      revision: { type: 'integer', minimum: 1 },
      reason: { type: 'string', enum: ['deleted'], description: 'Why it is stale, where not for its updatedAt' },
    },
    ['reason'],
  ),
  BatchResults: {
    type: 'array',
    items: object(
      {
        index: { type: 'integer', minimum: 0, description: 'Place in the request' },
        result: { type: 'string', enum: ['accepted', 'revised', 'duplicate', 'stale', 'rejected'] },
        feedbackId: { type: 'string', format: 'uuid' },
        revision: { type: 'integer', minimum: 1 },
        reason: { type: 'string', enum: ['deleted'] },
        problem: schemaRef('Problem'),
      },
      ['feedbackId', 'revision', 'reason', 'problem'],
    ),
  },
  ImportSummary: object({
    lines: count,
    accepted: count,
    revised: count,
    duplicate: count,
    stale: count,
    rejected: count,
  }),
  ImportReportLine: {
    anyOf: [
      object({ line: count, result: { const: 'rejected' }, errors: { type: 'array', items: schemaRef('Violation') } }),
      object({ summary: schemaRef('ImportSummary') }),
      object({
        line: count,
        result: { const: 'stopped' },
        problem: schemaRef('Problem'),
        summary: schemaRef('ImportSummary'),
      }),
    ],
  },
  CloudEvent: object(
    {
      specversion: { const: '1.0' },
      id: { type: 'string', minLength: 1, maxLength: 1000 },
      source: { type: 'string', minLength: 1, maxLength: 1000 },
      type: { const: feedbackInbound.topic },
      time: timestamp,
      datacontenttype: { type: 'string' },
      data: schemaRef('FeedbackInput'),
      data_base64: { type: 'string', contentEncoding: 'base64', contentMediaType: 'application/json' },
    },
    ['time', 'datacontenttype', 'data', 'data_base64'],
  ),
  ApiKey: object({
    id: { type: 'string' },
    source: { type: 'string' },
    name: orNull({ type: 'string' }),
    createdAt: timestamp,
    createdBy: { type: 'string' },
    revokedAt: orNull(timestamp),
    revokedBy: orNull({ type: 'string' }),
    lastUsedAt: orNull(timestamp),
  }),
  ApiKeyWithSecret: withSecret('ApiKey', 'key', 'The whole key, `clk_<id>_<secret>`'),
  WebhookConnector: object({
    name: { type: 'string' },
    source: { type: 'string' },
    mapping: { type: 'string', enum: [...webhookMappings] },
    createdAt: timestamp,
    createdBy: { type: 'string' },
    secrets: {
      type: 'array',
      items: object({
        id: { type: 'string', format: 'uuid' },
        createdAt: timestamp,
        expiresAt: orNull(timestamp),
        sealed: { type: 'boolean', description: 'Whether it is encrypted where it is kept' },
      }),
    },
  }),
  WebhookConnectorWithSecret: withSecret('WebhookConnector', 'secret', '`whsec_<base64>`'),
  ReplySender: object(
    {
      ...{ source: { type: 'string' }, kind: { type: 'string', enum: [...replySenderKinds] } },
      url: { type: 'string', format: 'uri', description: 'Of a webhook' },
      file: { type: 'string', description: 'Of a file sender: its name in the folder of replies' },
      ...{ changedAt: timestamp, changedBy: { type: 'string' } },
      secrets: {
        type: 'array',
        items: object({
          id: { type: 'string', format: 'uuid' },
          createdAt: timestamp,
          expiresAt: orNull(timestamp),
          sealed: { type: 'boolean', description: 'Whether it is encrypted where it is kept' },
        }),
      },
      secret: { type: 'string', description: '`whsec_<base64>`; where it was set just now' },
    },
    ['url', 'file', 'secret'],
  ),
  FeedbackReport: object(
    {
      feedbackId: uuid,
      source: text,
      revision: { ...count, description: 'The latest accepted' },
      status: { type: 'string', enum: ['unsettled', 'settled', 'dead-letter'] },
      revisions: {
        type: 'array',
        items: object(
          {
            revision: count,
            kind: { type: 'string', enum: feedbackKinds },
            contentHash: text,
            receivedAt: timestamp,
            feedback: { type: 'object', description: 'What was accepted; absent once it was erased' },
          },
          ['feedback'],
        ),
      },
      outcome: outcomeSchema,
      loop: loopSchema,
      deadLetters: {
        type: 'array',
        items: object(
          {
            id: uuid,
            revision: count,
            topic: text,
            group: text,
            reason: text,
            message: text,
            attempts: count,
            diedAt: timestamp,
            open: {
              type: 'boolean',
              description: 'Whether no outcome of the same revision has closed it, and nobody has discarded it',
            },
            state: { type: 'string', enum: letterStates },
          },
          ['revision'],
        ),
      },
    },
    ['outcome', 'loop'],
  ),
  DeadLetter: object(letterProperties, optionalOfLetter),
  WholeDeadLetter: object(
    {
      ...letterProperties,
      stack: text,
      key: orNull(shown),
      headers: { type: 'object', additionalProperties: text },
      valueBytes: orNull(count),
      erased: { type: 'boolean', description: 'What it held is erased: it cannot be sent again' },
      value: { ...orNull(shown), description: 'Where it was asked for' },
    },
    [...optionalOfLetter, 'stack', 'value'],
  ),
  Trace: object(
    {
      feedbackId: uuid,
      source: text,
      revision: { ...count, description: 'The latest accepted' },
      status: { type: 'string', enum: ['unsettled', 'settled', 'dead-letter'] },
      outcome: outcomeSchema,
      loop: loopSchema,
      revisions: {
        type: 'array',
        items: object({
          revision: count,
          kind: { type: 'string', enum: feedbackKinds },
          receivedAt: timestamp,
          eventId: uuid,
          outbox: {
            type: 'string',
            enum: ['waiting', 'sent'],
            description: '`waiting`: committed, and not yet acknowledged by Kafka',
          },
          steps: { ...trailSchema, description: 'Of what settled it, first one first' },
        }),
      },
      deadLetters: {
        type: 'array',
        items: object(
          {
            id: uuid,
            revision: count,
            state: { type: 'string', enum: letterStates },
            reason: text,
            steps: { ...trailSchema, description: 'The last one is where it died' },
          },
          ['revision'],
        ),
      },
    },
    ['outcome', 'loop'],
  ),
  ReconciliationRow: object({
    feedbackId: uuid,
    acceptedRevision: count,
    settledRevision: { ...count, description: '0: none' },
    settlement: count,
    outcome: orNull({ type: 'string', enum: settlementOutcomes.filter((outcome) => outcome !== 'superseded') }),
    loopId: orNull(uuid),
    loop: orNull(object({ state: { type: 'string', enum: loopStates }, version: count })),
    openLetterRevision: { ...count, description: 'Highest revision whose dead letter nothing closed; 0: none' },
    acceptedAt: timestamp,
  }),
  Ledger: object(
    {
      at: timestamp,
      source: orNull(text),
      results: object(Object.fromEntries(countedResults.map((result) => [result, count]))),
      outcomes: { ...counts, description: 'Feedback by what stands; the sum of all is results.accepted' },
      teams: counts,
      sentiments: counts,
      loops: { ...counts, description: 'Loops, not feedback, by state' },
      deadLetters: {
        ...object({
          open: count,
          underWay: count,
          failedAgain: count,
          discarded: count,
          oldestOpenSeconds: orNull({ type: 'number' }),
          openByGroup: counts,
        }),
        description:
          'Letters, not feedback, that nothing has settled; `underWay`: sent again; `failedAgain`: sent again, and back as another letter',
      },
      unsettled: object({ total: count, byAge: counts, oldestSeconds: orNull({ type: 'number' }) }),
      missing: count,
      missingIds: { type: 'array', items: uuid },
    },
    ['missingIds'],
  ),
};

/** The document, from the contracts' schemas and the routes above; `version` is the service's own. */
export function openApiDocument(version: string): OpenApiDocument {
  return {
    openapi: '3.1.1',
    info: {
      title: 'Closeloop ingestion',
      version,
      summary: 'Takes in what customers say, and tells what became of it.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: [
      { name: 'feedback', description: 'Sending feedback in, and asking what became of it' },
      { name: 'ledger', description: 'Every feedback accounted for' },
      { name: 'dead letters', description: 'What died on its way: look, send again, give up' },
      { name: 'webhooks', description: 'Senders of signed webhooks' },
      { name: 'replies', description: 'Who sends what agents answer' },
      { name: 'api keys', description: 'Who may send, of which source' },
      { name: 'audit', description: 'Who changed what; for managers and admins' },
      { name: 'operations', description: 'How the service is doing' },
    ],
    paths,
    components: {
      schemas: { ...schemasOf(contractClasses, (name) => `#/components/schemas/${name}`), ...answerSchemas },
      responses: Object.fromEntries(
        Object.entries(problemResponses).map(([name, { description }]) => [
          name,
          { description, content: { 'application/problem+json': { schema: schemaRef('Problem') } } },
        ]),
      ),
      securitySchemes: {
        apiKey: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'clk_<id>_<secret>',
          description: 'A connector’s API key',
        },
        person: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'A person’s token, of the OIDC issuer',
        },
        webhookSignature: {
          type: 'apiKey',
          in: 'header',
          name: 'webhook-signature',
          description: 'Standard Webhooks: `v1,<base64 HMAC-SHA256 of id.timestamp.body>`, several by spaces',
        },
      },
    },
  };
}
