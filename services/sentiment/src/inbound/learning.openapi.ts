import { schemasOf, Tags } from '@closeloop/contracts';
import { stationPaths } from '@closeloop/messaging';
import { jsonContent, type OpenApiDocument, type OpenApiOperation, schemaRef } from '@closeloop/platform';
import { ActivateRequest, RetagRequest, RollbackRequest, TagsRequest } from './learning.request.js';

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
const positive: Schema = { type: 'integer', minimum: 1 };
const list = (items: object): Schema => ({ type: 'array', items });
const etag = { ETag: { description: '"<revision>.<tagRevision>", for If-Match', schema: text } };

const problems = {
  Invalid: { status: '400', description: 'Not valid; `errors` says where and why' },
  Unauthenticated: { status: '401', description: 'No token that is known' },
  Forbidden: { status: '403', description: 'Not for your role' },
  NotFound: { status: '404', description: 'There is none' },
  VersionConflict: { status: '409', description: 'Something else stands by now; the answer says what' },
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
const inPath = (name: string) => ({ name, in: 'path', required: true, schema: uuid });
const body = (name: string) => ({ required: true, content: jsonContent(schemaRef(name)) });
const answers = (status: '200' | '202', description: string, name: string, headers?: object) => ({
  [status]: { description, ...(headers && { headers }), content: jsonContent(schemaRef(name)) },
});

const paths: OpenApiDocument['paths'] = {
  '/v1/feedback/{feedbackId}/tags': {
    get: {
      operationId: 'readTags',
      summary: 'The tags of a feedback as they stand, and what people have said of them; for people of any role',
      tags: ['tags'],
      security: people,
      parameters: [inPath('feedbackId')],
      responses: { ...answers('200', 'The tags', 'WholeTags', etag), ...may('NotFound') },
    },
    post: {
      operationId: 'correctTags',
      summary: 'Say what is right: a new revision of the tags, and something to learn from',
      description:
        'What is left out stays. To say that a tag is right as it stands is as useful to learn from as to say that it is wrong.',
      tags: ['tags'],
      security: people,
      parameters: [
        inPath('feedbackId'),
        {
          ...{ name: 'If-Match', in: 'header', required: false },
          description: 'The ETag of the tags as you saw them: refused with 409 if others stand by now',
          schema: { type: 'string', examples: ['"1.1"'] },
        },
      ],
      requestBody: body('TagsRequest'),
      responses: {
        ...answers('200', 'The tags after it', 'FeedbackTags', etag),
        ...may('Invalid', 'NotFound', 'VersionConflict'),
      },
    },
  },
  '/v1/models': {
    get: {
      operationId: 'listModels',
      summary: 'The models that were learned, which one judges, and who made it so',
      tags: ['models'],
      security: people,
      responses: { ...answers('200', 'Newest first', 'Models'), ...may() },
    },
  },
  '/v1/models/learn': {
    post: {
      operationId: 'learnModel',
      summary: 'Learn now from what people have said, try it, and activate it where it is surely better',
      tags: ['models'],
      security: people,
      responses: { ...answers('200', 'What came of it', 'Learned'), ...may('VersionConflict') },
    },
  },
  '/v1/models/active': {
    post: {
      operationId: 'activateModel',
      summary: 'Make a version the one that judges; `shipped`: none of one’s own',
      tags: ['models'],
      security: people,
      requestBody: body('ActivateRequest'),
      responses: {
        ...answers('200', 'What is active', 'Activation'),
        ...may('Invalid', 'NotFound', 'VersionConflict'),
      },
    },
  },
  '/v1/models/rollback': {
    post: {
      operationId: 'rollBackModel',
      summary: 'Back to what was active before; what is learned from then on waits for a person',
      tags: ['models'],
      security: people,
      requestBody: body('RollbackRequest'),
      responses: { ...answers('200', 'What is active', 'Activation'), ...may('Invalid', 'VersionConflict') },
    },
  },
  '/v1/retags': {
    get: {
      operationId: 'listRetags',
      summary: 'Periods that were or are judged anew, newest first',
      tags: ['retags'],
      security: people,
      responses: {
        '200': { description: 'At most 100', content: jsonContent(object({ items: list(schemaRef('Retag')) })) },
        ...may(),
      },
    },
    post: {
      operationId: 'retag',
      summary: 'Judge a period anew by a model: new revisions of the tags, no faster than asked',
      description: 'What a person has said stands. It goes on after a restart.',
      tags: ['retags'],
      security: people,
      requestBody: body('RetagRequest'),
      responses: { ...answers('202', 'It runs', 'Retag'), ...may('Invalid', 'NotFound', 'VersionConflict') },
    },
  },
  '/v1/retags/{retagId}': {
    get: {
      operationId: 'readRetag',
      summary: 'How far it is',
      tags: ['retags'],
      security: people,
      parameters: [inPath('retagId')],
      responses: { ...answers('200', 'The retag', 'Retag'), ...may('NotFound') },
    },
  },
  '/v1/retags/{retagId}/stop': {
    post: {
      operationId: 'stopRetag',
      summary: 'Go on no more; what was judged anew stays so',
      tags: ['retags'],
      security: people,
      parameters: [inPath('retagId')],
      responses: { ...answers('200', 'The retag', 'Retag'), ...may('NotFound') },
    },
  },
};

const tagsProperties = { feedbackId: uuid, revision: positive, tagRevision: positive, tags: schemaRef('Tags') };
const pairedTest = object({
  ...{ n: count, rightBefore: count, rightAfter: count },
  p: { type: 'number', minimum: 0, maximum: 1, description: 'Exact sign test: how likely it is better by chance' },
});
const trials = {
  type: 'object',
  description:
    'By part (sentiment, intents, topics): what was learned against what was active, on what neither has learned from',
  additionalProperties: object(
    {
      ...{ heldBack: pairedTest, rated: pairedTest, better: { type: 'boolean' } },
      ordinary: {
        ...pairedTest,
        description: 'Texts of no company, against what ships; `borne`: at most one in ten lost',
      },
    },
    ['rated'],
  ),
};
const version: Schema = { type: 'string', pattern: '^(shipped|[0-9a-f]{8})$' };

const answerSchemas: Record<string, Schema> = {
  Problem: {
    type: 'object',
    description: 'RFC 9457',
    properties: { type: text, title: text, status: count, detail: text, errors: { type: 'array' } },
    required: ['type', 'title', 'status'],
  },
  FeedbackTags: object(tagsProperties),
  WholeTags: object({
    ...tagsProperties,
    corrections: list(
      object({ revision: positive, tagRevision: positive, by: text, at: timestamp, said: schemaRef('TagsRequest') }),
    ),
  }),
  Activation: object(
    {
      ...{ number: count, version, name: { ...text, description: 'As the tags have it' } },
      ...{ rollback: { type: 'boolean' }, at: timestamp, by: text, reason: text },
    },
    ['at', 'by', 'reason'],
  ),
  Models: object({
    shipped: text,
    active: schemaRef('Activation'),
    models: list(
      object({
        ...{ version, name: text, base: text, madeAt: timestamp, madeBy: text, comparedWith: version },
        ...{ corrections: count, rated: count, trials },
      }),
    ),
    activations: list(schemaRef('Activation')),
  }),
  Learned: object(
    {
      ...{ corrections: count, rated: count, trials, version, activated: { type: 'boolean' } },
      held: { type: 'string', enum: ['by-person', 'other-active'] },
    },
    ['version', 'held'],
  ),
  Retag: object(
    {
      ...{ retagId: uuid, version, model: text, from: timestamp, to: timestamp, perSecond: positive },
      ...{ askedBy: text, askedAt: timestamp, state: { type: 'string', enum: ['running', 'done', 'stopped'] } },
      endedAt: timestamp,
      lookedAt: { ...count, description: 'Feedback that was looked at' },
      retagged: { ...count, description: 'That got a new revision of its tags' },
      changed: { ...count, description: 'Of those: with another sentiment, intent, urgency or topics' },
      leftHuman: { ...count, description: 'Left alone, as a person has said what is right' },
      failed: { ...count, description: 'Left alone, as the model could not judge them: see the log' },
    },
    ['endedAt'],
  ),
};

/** The document, from the contracts' schemas and the routes above; `release` is the service's own version. */
export const learningDocument = (release: string): OpenApiDocument => ({
  openapi: '3.1.1',
  info: {
    title: 'Closeloop learning',
    version: release,
    summary: 'People correct what the tagger says, and the tagger learns from it.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: '/' }],
  tags: [
    { name: 'tags', description: 'What a feedback was tagged with' },
    { name: 'models', description: 'A company’s own models; for managers and admins' },
    { name: 'retags', description: 'Periods that are judged anew; for managers and admins' },
    { name: 'operations', description: 'How the service is doing' },
  ],
  paths: { ...paths, ...stationPaths(people, 'operations', may()) },
  components: {
    schemas: {
      ...schemasOf(
        [Tags, TagsRequest, ActivateRequest, RollbackRequest, RetagRequest],
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
      person: {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'JWT',
        description: 'A person’s token, of the OIDC issuer',
      },
    },
  },
});
