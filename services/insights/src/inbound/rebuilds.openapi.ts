import { openApi, type OpenApiDocument, schemaRef } from '@closeloop/platform';

const { answers, count, inPath, list, may, object, people, text, timestamp, uuid } = openApi;
const rebuildId = inPath('rebuildId', uuid);
const step = (operationId: string, summary: string): OpenApiDocument['paths'][string] => ({
  post: {
    ...{ operationId, summary, tags: ['rebuilds'], security: people, parameters: [rebuildId] },
    responses: { ...answers('200', 'The rebuild', schemaRef('Rebuild')), ...may('NotFound', 'TransitionRefused') },
  },
});

export const rebuildsPaths: OpenApiDocument['paths'] = {
  '/v1/rebuilds': {
    post: {
      operationId: 'startRebuild',
      summary: 'Begin another generation of the read model, empty, which takes every event from now on; for admins',
      tags: ['rebuilds'],
      security: people,
      responses: { ...answers('201', 'It takes events', schemaRef('Rebuild')), ...may('VersionConflict') },
    },
  },
  '/v1/rebuilds/{rebuildId}': {
    get: {
      operationId: 'readRebuild',
      summary: 'How far it is, and what the last comparison found; for admins',
      tags: ['rebuilds'],
      security: people,
      parameters: [rebuildId],
      responses: { ...answers('200', 'The rebuild', schemaRef('Rebuild')), ...may('NotFound') },
    },
  },
  '/v1/rebuilds/{rebuildId}/compare': {
    post: {
      operationId: 'compareRebuild',
      summary: 'Compare it with the model that answers, table by table; what is found is shown with it. For admins',
      tags: ['rebuilds'],
      security: people,
      parameters: [rebuildId],
      responses: { ...answers('202', 'It is compared', object({})), ...may('NotFound', 'TransitionRefused') },
    },
  },
  '/v1/rebuilds/{rebuildId}/adopt': step(
    'adoptRebuild',
    'Let it answer from now on, and drop the one before; for admins',
  ),
  '/v1/rebuilds/{rebuildId}/give-up': step('giveUpRebuild', 'Drop it; for admins'),
};

const sizes = { table: text, live: count, next: count };
export const rebuildsSchemas: Record<string, unknown> = {
  Rebuild: object(
    {
      ...{ rebuildId: uuid, state: { type: 'string', enum: ['filling', 'done', 'given-up'] }, askedBy: text },
      ...{ startedAt: timestamp, endedAt: timestamp },
      tables: { ...list(object(sizes)), description: 'Rows of both while it is filled, about' },
      comparison: list(
        object({
          ...{ ...sizes, same: { type: 'boolean' } },
          onlyLive: { ...count, description: 'Rows that only the model that answers has' },
          onlyNext: { ...count, description: 'Rows that only the rebuilt one has' },
          examples: list(text),
        }),
      ),
    },
    ['endedAt', 'tables', 'comparison'],
  ),
};
