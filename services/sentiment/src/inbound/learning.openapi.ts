import { schemasOf, Tags } from '@closeloop/contracts';
import { stationPaths } from '@closeloop/messaging';
import { auditPaths, jsonContent, openApi, type OpenApiDocument, schemaRef } from '@closeloop/platform';
import { ActivateRequest, RetagRequest, RollbackRequest, TagsRequest } from './learning.request.js';

const { body, count, list, may, object, people, positive, text, timestamp, uuid } = openApi;

const etag = { ETag: { description: '"<revision>.<tagRevision>", for If-Match', schema: text } };

const inPath = (name: string) => openApi.inPath(name, uuid);
const answers = (status: '200' | '202', description: string, name: string, headers?: object) =>
  openApi.answers(status, description, schemaRef(name), headers);

const paths: OpenApiDocument['paths'] = {
  '/v1/feedback/{feedbackId}/tags': {
    get: {
      operationId: 'readTags',
      summary:
        'The tags of a feedback as they stand, and what people have said of them; for its team, managers and admins',
      tags: ['tags'],
      security: people,
      parameters: [inPath('feedbackId')],
      responses: { ...answers('200', 'The tags', 'WholeTags', etag), ...may('NotFound') },
    },
    post: {
      operationId: 'correctTags',
      summary: 'Say what is right: a new revision of the tags, to learn from; for its team, managers and admins',
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
  '/v1/accuracy': {
    get: {
      operationId: 'readAccuracy',
      summary: 'How often the tagger was right, week by week, by what people have said of its tags',
      description:
        'People correct what strikes them as wrong: it is lower than over all feedback. What a person had said before, and an empty week, is not in it.',
      tags: ['tags'],
      security: people,
      parameters: [
        {
          ...{ name: 'weeks', in: 'query', required: false, description: 'So many, the current one included' },
          schema: { type: 'integer', minimum: 1, maximum: 260, default: 26 },
        },
      ],
      responses: { ...answers('200', 'By week and part of the tags', 'Accuracy'), ...may('Invalid') },
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
const share: openApi.Schema = { type: 'number', minimum: 0, maximum: 1 };
const version: openApi.Schema = { type: 'string', pattern: '^(shipped|[0-9a-f]{8})$' };

const answerSchemas: Record<string, openApi.Schema> = {
  FeedbackTags: object(tagsProperties),
  WholeTags: object({
    ...tagsProperties,
    corrections: list(
      object({ revision: positive, tagRevision: positive, by: text, at: timestamp, said: schemaRef('TagsRequest') }),
    ),
  }),
  Accuracy: object({
    weeks: list(
      object({
        week: { ...text, description: 'ISO week, UTC', examples: ['2026-W48'] },
        parts: {
          ...{ type: 'object', description: 'By part: sentiment, topics, intent, …' },
          additionalProperties: object({
            ...{ n: count, right: count, value: share },
            interval: { ...list(share), minItems: 2, maxItems: 2, description: '95 %, Wilson' },
          }),
        },
      }),
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
export const learningDocument = (release: string): OpenApiDocument =>
  openApi.documentOf(
    {
      title: 'Closeloop learning',
      version: release,
      summary: 'People correct what the tagger says, and the tagger learns from it.',
    },
    [
      { name: 'tags', description: 'What a feedback was tagged with' },
      { name: 'models', description: 'A company’s own models; for managers and admins' },
      { name: 'retags', description: 'Periods that are judged anew; for managers and admins' },
      { name: 'audit', description: 'Who changed what; for managers and admins' },
    ],
    { ...paths, ...auditPaths(people, 'audit', may('Invalid')), ...stationPaths(people, 'operations', may()) },
    {
      ...schemasOf(
        [Tags, TagsRequest, ActivateRequest, RollbackRequest, RetagRequest],
        (name) => `#/components/schemas/${name}`,
      ),
      ...answerSchemas,
    },
  );
