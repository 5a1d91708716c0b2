import {
  InsightChanged,
  insightChanges,
  InsightRaised,
  loopChanges,
  TeamInbox,
  teamPattern,
} from '@closeloop/contracts';
import { jsonContent, openApi, type OpenApiDocument, type OpenApiOperation, schemaRef } from '@closeloop/platform';
import { deliveryStates } from '../domain/delivery.js';
import { endpointKinds } from '../domain/endpoint.js';
import {
  ChangeEndpointRequest,
  EndpointRequest,
  ReplayPeriodRequest,
  RotateSecretRequest,
} from './endpoint.request.js';

const { count, inQuery, may, object, people, text, timestamp, uuid } = openApi;

export const deliveryRequests = [EndpointRequest, ChangeEndpointRequest, RotateSecretRequest, ReplayPeriodRequest];
export const deliveryData = [TeamInbox, InsightRaised, InsightChanged];

export const deliverySchemas: Record<string, openApi.Schema> = {
  Endpoint: object(
    {
      ...{ endpointId: uuid, team: text, kind: { type: 'string', enum: endpointKinds } },
      url: { ...text, description: 'Of a webhook; of Slack its origin alone, since the rest is a secret' },
      addresses: { type: 'array', items: text },
      changes: { type: 'array', items: text, description: 'As they were selected' },
      digest: { type: 'object', description: 'Of e-mail: {every: hour} or {every: day, at, zone}' },
      paused: {
        ...object({ since: timestamp, by: text }),
        description: 'by: who, or `gone` where the receiver said so',
      },
      failures: { ...count, description: 'In a row' },
      openUntil: { ...timestamp, description: 'It failed so often that nothing is tried before this' },
      ...{ createdAt: timestamp, createdBy: text },
      secrets: {
        type: 'array',
        description: 'What signs, without what it is; for managers and admins',
        items: object({ secretId: uuid, createdAt: timestamp, expiresAt: timestamp, sealed: { type: 'boolean' } }, [
          'expiresAt',
        ]),
      },
    },
    ['url', 'addresses', 'digest', 'paused', 'openUntil', 'secrets'],
  ),
  Delivery: object(
    {
      deliveryId: { ...uuid, description: 'The receiver sees it as webhook-id' },
      ...{ endpointId: uuid, team: text, loopId: uuid, version: { type: 'integer', minimum: 1 } },
      insightId: { ...uuid, description: 'In place of loopId, where it is about an insight' },
      state: { type: 'string', enum: deliveryStates },
      ...{ createdAt: timestamp, dueAt: timestamp, giveUpAt: timestamp, settledAt: timestamp, attemptCount: count },
      attempts: {
        type: 'array',
        description: 'The last 50, replays that people asked for among them',
        items: object({ at: timestamp, status: count, milliseconds: count, error: text, replayedBy: text }, [
          ...['status', 'milliseconds', 'error', 'replayedBy'],
        ]),
      },
    },
    ['loopId', 'insightId', 'dueAt', 'settledAt'],
  ),
  WebhookBody: object({
    type: {
      type: 'string',
      enum: [
        ...loopChanges.map((change) => `loop.${change}`),
        ...['insight.raised', ...insightChanges.map((change) => `insight.${change}`)],
      ],
    },
    timestamp,
    data: { anyOf: [schemaRef('TeamInbox'), schemaRef('InsightRaised'), schemaRef('InsightChanged')] },
  }),
};

export function deliveryPaths(): OpenApiDocument['paths'] {
  const team = { name: 'team', in: 'path', required: true, schema: { type: 'string', pattern: teamPattern.source } };
  const endpointId = { name: 'endpointId', in: 'path', required: true, schema: uuid };
  const deliveryId = { name: 'deliveryId', in: 'path', required: true, schema: uuid };
  const withSecret = {
    allOf: [schemaRef('Endpoint'), object({ secret: { ...text, description: 'whsec_…; it is not shown again' } })],
  };
  const of = (
    operationId: string,
    summary: string,
    parameters: unknown[],
    answer: object,
    { body, status = '200', description }: { body?: { name: string }; status?: string; description?: string } = {},
  ): OpenApiOperation => ({
    ...{
      operationId,
      summary,
      ...(description && { description }),
      tags: ['deliveries'],
      security: people,
      parameters,
    },
    ...(body && { requestBody: { required: true, content: jsonContent(schemaRef(body.name)) } }),
    responses: { [status]: answer, ...may('Invalid', 'NotFound') },
  });
  const json = (description: string, schema: object): object => ({ description, content: jsonContent(schema) });
  const one = json('The endpoint', schemaRef('Endpoint'));

  return {
    '/v1/teams/{team}/endpoints': {
      get: of(
        'listEndpoints',
        'Where a team hears of its loops',
        [team],
        json('All of them', object({ items: { type: 'array', items: schemaRef('Endpoint') } })),
      ),
      post: of(
        'addEndpoint',
        'A webhook, a Slack-compatible address, or e-mail',
        [team],
        json('The endpoint; of a webhook with the secret that signs, once', {
          anyOf: [withSecret, schemaRef('Endpoint')],
        }),
        {
          ...{ body: EndpointRequest, status: '201' },
          description:
            'For managers and admins. `changes`: all, mine-to-act, or names of changes; all where it is not given. An address is https and on the public internet, unless LOOP_ALLOW_PRIVATE_ENDPOINTS says otherwise.',
        },
      ),
    },
    '/v1/teams/{team}/endpoints/{endpointId}': {
      get: of('readEndpoint', 'One of them', [team, endpointId], one),
      patch: of('changeEndpoint', 'What is given is changed; its rest ends', [team, endpointId], one, {
        body: ChangeEndpointRequest,
      }),
      delete: of(
        'deleteEndpoint',
        'It hears nothing more',
        [team, endpointId],
        { description: 'Gone' },
        { status: '204' },
      ),
    },
    '/v1/teams/{team}/endpoints/{endpointId}/rotate-secret': {
      post: of(
        'rotateEndpointSecret',
        'A new secret; those before it sign beside it for a time, 24 h unless told otherwise',
        [team, endpointId],
        json('With the secret, once', withSecret),
        { body: RotateSecretRequest },
      ),
    },
    '/v1/teams/{team}/endpoints/{endpointId}/test': {
      post: of(
        'testEndpoint',
        'Send a sample now',
        [team, endpointId],
        json(
          'How it was taken',
          object({ taken: { type: 'boolean' }, status: count, milliseconds: count, error: text, retryAfterMs: count }, [
            'status',
            'error',
            'retryAfterMs',
          ]),
        ),
      ),
    },
    '/v1/teams/{team}/endpoints/{endpointId}/replay': {
      post: of(
        'replayPeriod',
        'Send again what it was to hear in a time, and what it would have heard',
        [team, endpointId],
        json('How many; more: there are further ones', object({ replayed: count, more: { type: 'boolean' } })),
        { body: ReplayPeriodRequest },
      ),
    },
    '/v1/deliveries': {
      get: of(
        'listDeliveries',
        'What was told to endpoints, newest first',
        [
          inQuery('team', 'Of one team', { type: 'string', pattern: teamPattern.source }),
          inQuery('endpoint', 'To one endpoint', uuid),
          inQuery('loopId', 'Of one loop', uuid),
          inQuery('state', 'One state, or several by commas', text),
          inQuery('cursor', 'Where the page before ended', text),
          inQuery('limit', 'Deliveries on a page', { type: 'integer', minimum: 1, maximum: 200, default: 50 }),
        ],
        json(
          'A page; `cursor` is there while more follow',
          object({ items: { type: 'array', items: schemaRef('Delivery') }, cursor: text }, ['cursor']),
        ),
      ),
    },
    '/v1/deliveries/{deliveryId}': {
      get: of('readDelivery', 'One of them', [deliveryId], json('The delivery', schemaRef('Delivery'))),
    },
    '/v1/deliveries/{deliveryId}/replay': {
      post: of(
        'replayDelivery',
        'Send it again, under its id',
        [deliveryId],
        json('As it is now', schemaRef('Delivery')),
      ),
    },
  };
}
