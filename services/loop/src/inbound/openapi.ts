import {
  actorKinds,
  Feedback,
  loopChanges,
  loopStates,
  priorities,
  schemasOf,
  Tags,
  teamPattern,
} from '@closeloop/contracts';
import { stationPaths } from '@closeloop/messaging';
import { jsonContent, type OpenApiDocument, type OpenApiOperation, schemaRef } from '@closeloop/platform';
import { evidenceTypes } from '../domain/loop.js';
import { differingFields } from '../domain/reconciliation.js';
import { type PeoplesCommand } from '../domain/permission.js';
import { EvidenceRequest } from './evidence.request.js';
import {
  AssignRequest,
  DraftRequest,
  PriorityRequest,
  ReasonRequest,
  RespondRequest,
  SplitRequest,
} from './loop-command.request.js';
import { ReconciliationRequest } from './reconciliation.request.js';

type Schema = Record<string, unknown>;

const object = (properties: Record<string, unknown>, optional: readonly string[] = []): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
});
const text: Schema = { type: 'string' };
const uuid: Schema = { type: 'string', format: 'uuid' };
const timestamp: Schema = { type: 'string', format: 'date-time' };
const count: Schema = { type: 'integer', minimum: 0 };
const version: Schema = { type: 'integer', minimum: 1 };
const etag = { ETag: { description: 'The version, for If-Match', schema: text } };

const problems = {
  Invalid: { status: '400', description: 'Not valid; `errors` says where and why' },
  Unauthenticated: { status: '401', description: 'No key or token that is known' },
  Forbidden: { status: '403', description: 'Not for you: your role does not do this' },
  NotFound: { status: '404', description: 'There is none, or it is of another team or source' },
  VersionConflict: { status: '409', description: '`happened` is the history since the expected version' },
  Refused: { status: '422', description: 'The state does not allow it; `reason` says why' },
  IfMatchMissing: { status: '428', description: 'If-Match with the expected version is missing' },
  Unavailable: { status: '503', description: 'The store is away or too much waits to be sent; see Retry-After' },
} as const;
const may = (...names: (keyof typeof problems)[]): Record<string, unknown> =>
  Object.fromEntries(
    ([...names, 'Unauthenticated', 'Forbidden', 'Unavailable'] as const).map((name) => [
      problems[name].status,
      { $ref: `#/components/responses/${name}` },
    ]),
  );

const people: OpenApiOperation['security'] = [{ person: [] }];
const connectors: OpenApiOperation['security'] = [{ apiKey: [] }];
const loopId = { name: 'loopId', in: 'path', required: true, schema: uuid };
const inQuery = (name: string, description: string, schema: Schema): object => ({
  name,
  in: 'query',
  description,
  schema,
});

const commands: Record<PeoplesCommand, { summary: string; body?: { name: string } }> = {
  acknowledge: { summary: 'Take the loop: you own it' },
  respond: { summary: 'The customer was answered', body: RespondRequest },
  wait: { summary: 'We wait for the customer' },
  resume: { summary: 'We wait no more' },
  resolve: { summary: 'The team is done; the customer is asked' },
  reopen: { summary: 'Start the next cycle', body: ReasonRequest },
  dismiss: { summary: 'Nothing is to be done', body: ReasonRequest },
  split: { summary: 'Give a joined feedback a loop of its own', body: SplitRequest },
  assign: { summary: 'Give it to a team, an owner, or both', body: AssignRequest },
  escalate: { summary: 'One level up' },
  'set-priority': { summary: 'Change the priority', body: PriorityRequest },
};

const commandPaths = Object.fromEntries(
  Object.entries(commands).map(([name, { summary, body }]) => [
    `/v1/loops/{loopId}/${name}`,
    {
      post: {
        operationId: `${name.replace(/-(.)/g, (_dash, letter: string) => letter.toUpperCase())}Loop`,
        summary,
        tags: ['commands'],
        security: people,
        parameters: [
          loopId,
          {
            ...{ name: 'If-Match', in: 'header', required: true },
            description: 'The ETag of the loop as you saw it: two at once, and one is told what the other did',
            schema: { type: 'string', examples: ['"3"'] },
          },
        ],
        ...(body && { requestBody: { required: true, content: jsonContent(schemaRef(body.name)) } }),
        responses: {
          '200': { description: 'The loop after it', headers: etag, content: jsonContent(schemaRef('Loop')) },
          ...may('Invalid', 'NotFound', 'VersionConflict', 'Refused', 'IfMatchMissing'),
        },
      } satisfies OpenApiOperation,
    },
  ]),
);

const paths: OpenApiDocument['paths'] = {
  '/v1/loops': {
    get: {
      operationId: 'listLoops',
      summary: 'Loops, newest first: of your teams, or of all for managers and admins',
      tags: ['loops'],
      security: people,
      parameters: [
        inQuery('team', 'Of one team', { type: 'string', pattern: teamPattern.source }),
        inQuery('state', 'One state, or several by commas', { type: 'string', examples: ['opened,reopened'] }),
        inQuery('feedbackId', 'The loop that this feedback is in', uuid),
        inQuery('cursor', 'Where the page before ended', text),
        inQuery('limit', 'Loops on a page', { type: 'integer', minimum: 1, maximum: 200, default: 50 }),
      ],
      responses: {
        '200': {
          description: 'A page; `cursor` is there while more follow',
          content: jsonContent(
            object({ items: { type: 'array', items: schemaRef('Loop') }, cursor: text }, ['cursor']),
          ),
        },
        ...may('Invalid'),
      },
    },
  },
  '/v1/loops/counts': {
    get: {
      operationId: 'countLoops',
      summary: 'Loops by state and team; closed and verified are counted apart',
      tags: ['loops'],
      security: people,
      responses: { '200': { description: 'The counts', content: jsonContent(schemaRef('Counts')) }, ...may() },
    },
  },
  '/v1/loops/{loopId}': {
    get: {
      operationId: 'readLoop',
      summary: 'A loop, its history, the feedback in it and the drafts',
      tags: ['loops'],
      security: people,
      parameters: [loopId],
      responses: {
        '200': { description: 'The loop', headers: etag, content: jsonContent(schemaRef('WholeLoop')) },
        ...may('NotFound'),
      },
    },
  },
  '/v1/loops/{loopId}/draft': {
    put: {
      operationId: 'draftResponse',
      summary: 'Keep your unfinished answer; it is stale once the words that it answers are revised',
      tags: ['loops'],
      security: people,
      parameters: [loopId],
      requestBody: { required: true, content: jsonContent(schemaRef('DraftRequest')) },
      responses: {
        '200': { description: 'Kept', content: jsonContent(object({ stale: { type: 'boolean' } })) },
        ...may('Invalid', 'NotFound', 'Refused'),
      },
    },
  },
  ...commandPaths,
  '/v1/evidence': {
    post: {
      operationId: 'recordEvidence',
      summary: 'What the customer says of what was done',
      description:
        'Confirm closes the loop as verified; object reopens it, one level up; answer is a reply that the loop waited for.',
      tags: ['evidence'],
      security: connectors,
      parameters: [
        {
          ...{ name: 'Idempotency-Key', in: 'header', required: true },
          description: 'The same request with the same key gets the same answer, and moves nothing twice',
          schema: { type: 'string', minLength: 1, maxLength: 255 },
        },
      ],
      requestBody: { required: true, content: jsonContent(schemaRef('EvidenceRequest')) },
      responses: {
        '200': { description: 'The loop moved', content: jsonContent(schemaRef('EvidenceTaken')) },
        ...may('Invalid', 'NotFound', 'Refused'),
      },
    },
  },
};

const reconciliation: OpenApiDocument['paths'] = {
  '/v1/reconciliation': {
    post: {
      operationId: 'reconcile',
      summary: 'Compare a page of the ledger of ingestion with what is kept here',
      description:
        'For managers and admins. With `range`, what lies in it here and is in no row is told as well. What is under way differs for a moment.',
      tags: ['reconciliation'],
      security: people,
      requestBody: { required: true, content: jsonContent(schemaRef('ReconciliationRequest')) },
      responses: {
        '200': {
          description: 'What differs; null: there is none',
          content: jsonContent(
            object({
              differences: {
                type: 'array',
                items: object({
                  ...{ feedbackId: uuid, field: { type: 'string', enum: differingFields } },
                  ...{ ledger: { type: ['string', 'integer', 'null'] }, loop: { type: ['string', 'integer', 'null'] } },
                }),
              },
            }),
          ),
        },
        ...may('Invalid'),
      },
    },
  },
};

const loopProperties = {
  ...{ loopId: uuid, version, state: { type: 'string', enum: loopStates }, cycle: version, level: count },
  ...{ team: text, priority: { type: 'string', enum: priorities }, owner: text, waiting: { type: 'boolean' } },
  slaPolicy: text,
  historic: { type: 'boolean', description: 'Imported from the past: no clock runs' },
  ...{ receivedAt: timestamp, openedAt: timestamp, firstRespondedAt: timestamp, resolvedAt: timestamp },
  expiresAt: {
    ...timestamp,
    description: 'Resolved only: when it is closed unverified, unless the customer answers before',
  },
  ...{ closedAt: timestamp, closed: { type: 'boolean' } },
};
const optionalOfLoop = ['owner', 'firstRespondedAt', 'resolvedAt', 'expiresAt', 'closedAt'];
const counted = {
  ...{ total: count, open: count, closed: { ...count, description: 'In any way, verified included' }, verified: count },
  byState: { type: 'object', additionalProperties: count },
};

const answerSchemas: Record<string, Schema> = {
  Problem: {
    type: 'object',
    description: 'RFC 9457',
    properties: { type: text, title: text, status: count, detail: text, errors: { type: 'array' } },
    required: ['type', 'title', 'status'],
  },
  Loop: object(
    {
      ...loopProperties,
      feedback: { ...count, description: 'Feedback in it that its source has not deleted' },
      opened: { ...schemaRef('Loop'), description: 'After split: the loop of the feedback that was split off' },
    },
    [...optionalOfLoop, 'opened'],
  ),
  LoopEvent: object(
    {
      ...{
        version,
        change: { type: 'string', enum: loopChanges.filter((change) => change !== 'settled') },
        at: timestamp,
      },
      actor: object({ kind: { type: 'string', enum: actorKinds }, id: text }, ['id']),
      feedback: object({ feedbackId: uuid, revision: version }),
      evidence: { type: 'string', enum: evidenceTypes },
      dueAt: { ...timestamp, description: 'Of resolved and expired: when the customer’s time to answer ends' },
      words: { type: 'object', description: 'What was written with it; absent once it was erased' },
    },
    ['feedback', 'evidence', 'dueAt', 'words'],
  ),
  WholeLoop: object(
    {
      ...loopProperties,
      history: { type: 'array', items: schemaRef('LoopEvent') },
      feedbackCount: count,
      feedback: {
        type: 'array',
        items: object(
          {
            ...{ feedbackId: uuid, source: text, revision: version, settlement: version, receivedAt: timestamp },
            outcome: { type: 'string', enum: ['loop', 'joined', 'withdrawn'] },
            ...{ as: { type: 'string', enum: ['loop', 'joined'] }, sentiment: text },
            feedback: schemaRef('Feedback'),
            tags: schemaRef('Tags'),
          },
          ['sentiment', 'feedback', 'tags'],
        ),
      },
      drafts: {
        type: 'array',
        items: object({
          agent: text,
          at: timestamp,
          feedbackId: uuid,
          revision: version,
          text,
          stale: { type: 'boolean' },
        }),
      },
    },
    optionalOfLoop,
  ),
  Counts: object({ ...counted, byTeam: { type: 'object', additionalProperties: object(counted) } }),
  EvidenceTaken: object({
    ...{
      feedbackId: uuid,
      loopId: uuid,
      version,
      change: { type: 'string', enum: ['confirmed', 'objected', 'resumed'] },
    },
    ...{ state: { type: 'string', enum: loopStates }, cycle: version },
  }),
};

/** The document, from the contracts' schemas and the routes above; `release` is the service's own version. */
export const openApiDocument = (release: string): OpenApiDocument => ({
  openapi: '3.1.1',
  info: {
    title: 'Closeloop loop',
    version: release,
    summary: 'Tracks what customers said until they say that it is closed.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: '/' }],
  tags: [
    { name: 'loops', description: 'What is open, and what happened' },
    { name: 'commands', description: 'What people do with a loop' },
    { name: 'evidence', description: 'What customers say of it' },
    { name: 'reconciliation', description: 'Whether the ledger and the loops agree' },
    { name: 'operations', description: 'How the service is doing' },
  ],
  paths: { ...paths, ...reconciliation, ...stationPaths(people, 'operations', may()) },
  components: {
    schemas: {
      ...schemasOf(
        [
          ...[Feedback, Tags, RespondRequest, ReasonRequest, SplitRequest, AssignRequest, PriorityRequest],
          ...[DraftRequest, EvidenceRequest, ReconciliationRequest],
        ],
        (name) => `#/components/schemas/${name}`,
      ),
      ...answerSchemas,
    },
    responses: Object.fromEntries(
      Object.entries(problems).map(([name, { description }]) => [
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
    },
  },
});
