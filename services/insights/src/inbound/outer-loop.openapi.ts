import { insightChanges, insightStates, schemasOf } from '@closeloop/contracts';
import { jsonContent, openApi, type OpenApiDocument, type OpenApiOperation, schemaRef } from '@closeloop/platform';
import { improvementStates } from '../domain/improvement.js';
import {
  AcceptRequest,
  AimRequest,
  AssignInsightRequest,
  AttachRequest,
  DeclineRequest,
  DoneRequest,
  ImprovementPatchRequest,
  ImprovementRequest,
  ImproveRequest,
  LoopRuleRequest,
  MergeRequest,
  OwnershipRequest,
  RaiseInsightRequest,
} from './outer-loop.request.js';

const { count, list, may, object, people, positive: version, text, timestamp, uuid } = openApi;
type Schema = openApi.Schema;

const day: Schema = { type: 'string', format: 'date' };

const requests = [
  ...[RaiseInsightRequest, AcceptRequest, DeclineRequest, MergeRequest, AssignInsightRequest, ImproveRequest],
  ...[ImprovementRequest, ImprovementPatchRequest, AttachRequest, DoneRequest, OwnershipRequest],
  ...[AimRequest, LoopRuleRequest],
];

const actor = object({ kind: { type: 'string', enum: ['agent', 'system'] }, id: text });
const raiser = {
  ...object({ kind: { type: 'string', enum: ['agent', 'system'] }, id: text, team: text }, ['team']),
  description: 'team: where it was noticed; it is told what became of it',
};
const about = { topic: text, touchpoint: text, journeyStage: text, location: text, product: text };
const insight = {
  ...{ insightId: uuid, version, state: { type: 'string', enum: insightStates }, title: text, claim: text, ...about },
  ...{ team: { ...text, description: 'Who is to answer it' }, raisedBy: raiser, raisedAt: timestamp },
  ...{ loopIds: list(uuid), feedbackIds: list(uuid) },
  evidence: {
    ...object({ loops: count, feedback: count, since: timestamp }, ['since']),
    description: 'How many, and when the first was received',
  },
  answeredAt: timestamp,
  reason: { ...text, description: 'Why it was declined, or what was said when it was accepted' },
  into: { ...uuid, description: 'What it was merged into' },
  improvementId: uuid,
  improvingAt: timestamp,
};
const insightOptional = [...Object.keys(about), 'answeredAt', 'reason', 'into', 'improvementId', 'improvingAt'];
const improvement = {
  ...{ improvementId: uuid, version, state: { type: 'string', enum: improvementStates }, title: text, team: text },
  ...{ owner: text, due: day, action: text, metric: schemaRef('AimRequest'), rule: schemaRef('LoopRuleRequest') },
  ...{ createdAt: timestamp, createdBy: text, startedAt: timestamp, endedAt: timestamp },
  message: { ...text, description: 'What customers are told' },
};
const improvementOptional = ['rule', 'startedAt', 'endedAt', 'message'];
const interval = { type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 2 };
const orNull = (schema: object): object => ({ anyOf: [schema, { type: 'null' }] });
const difference = object({ value: orNull({ type: 'number' }), interval: orNull(interval) });

export const outerLoopSchemas: Record<string, unknown> = {
  ...schemasOf(requests, (name) => `#/components/schemas/${name}`),
  Insight: object(insight, insightOptional),
  InsightEvent: object(
    {
      ...{ change: { type: 'string', enum: ['raised', ...insightChanges] }, version, at: timestamp, actor },
      ...{ team: text, reason: text, note: text, into: uuid, improvementId: uuid, loops: count, feedback: count },
    },
    ['team', 'reason', 'note', 'into', 'improvementId', 'loops', 'feedback'],
  ),
  Improvement: object(improvement, improvementOptional),
  ShownImprovement: object(
    {
      ...improvement,
      loops: count,
      insightIds: list(uuid),
      told: {
        ...object({ wanted: count, sent: count, skipped: { type: 'object' }, pending: count }),
        description:
          'Customers: wanted = sent + skipped + pending. skipped: by reason (opted-out, erased, not-reachable, capped, refused, too-late)',
      },
      effect: schemaRef('Effect'),
    },
    [...improvementOptional, 'effect'],
  ),
  Measured: object({
    ...{ from: timestamp, to: timestamp, n: count },
    ...{ value: orNull({ type: 'number' }), interval: orNull(interval) },
  }),
  Effect: object(
    {
      before: schemaRef('Measured'),
      after: schemaRef('Measured'),
      difference: { ...difference, description: 'After − before, with its 95 % interval' },
      comparison: {
        ...object({
          ...{ by: text, before: schemaRef('Measured'), after: schemaRef('Measured'), difference },
          net: { ...difference, description: 'How much more it moved here than there: difference in differences' },
        }),
        description: 'The same metric of all other values of that dimension, where nothing was changed',
      },
    },
    ['after', 'difference', 'comparison'],
  ),
  Ownership: object({ version, defaultTeam: text, rules: list({ type: 'object' }) }),
};

const inPath = (name: string): object => ({ name, in: 'path', required: true, schema: uuid });
const inQuery = (name: string, description: string, schema: Schema = text): object => ({
  ...{ name, in: 'query', description, schema },
});
const ifMatch = {
  ...{ name: 'If-Match', in: 'header', required: true },
  description: 'The ETag of it as you saw it: two at once, and one is told what the other did',
  schema: { type: 'string', examples: ['"3"'] },
};
const etag = { ETag: { description: 'The version, for If-Match', schema: text } };

export const outerLoopPaths: OpenApiDocument['paths'] = pathsOf();

function pathsOf(): OpenApiDocument['paths'] {
  const pages = [
    inQuery('limit', '1 to 200; 50 unless told otherwise', count),
    inQuery('cursor', 'Of the page before'),
  ];
  const page = (name: string): object => object({ items: list(schemaRef(name)), cursor: text }, ['cursor']);
  const answer = (description: string, schema: object, headers?: object): object => ({
    ...{ description, ...(headers && { headers }), content: jsonContent(schema) },
  });
  const operation = (
    tag: string,
    operationId: string,
    summary: string,
    parameters: readonly object[],
    responses: Record<string, unknown>,
    body?: { name: string },
  ): OpenApiOperation => ({
    ...{ operationId, summary, tags: [tag], security: people },
    ...(parameters.length > 0 && { parameters: [...parameters] }),
    ...(body && { requestBody: { required: true, content: jsonContent(schemaRef(body.name)) } }),
    responses,
  });
  const changes = may('Invalid', 'NotFound', 'VersionConflict', 'TransitionRefused', 'IfMatchMissing');
  const insightAnswer = (name: string, summary: string, body: { name: string }): OpenApiDocument['paths'] => ({
    [`/v1/insights/{insightId}/${name}`]: {
      post: operation(
        ...(['insights', `${name}Insight`, summary] as const),
        [inPath('insightId'), ifMatch],
        { '200': answer('The insight after it', schemaRef('Insight'), etag), ...changes },
        body,
      ),
    },
  });
  const changed = answer('The improvement after it', schemaRef('Improvement'), etag);
  return {
    '/v1/insights': {
      post: operation(
        ...([
          'insights',
          'raiseInsight',
          'Claim something from loops or feedback; it goes to the team that owns it',
        ] as const),
        [],
        {
          '201': answer('It is raised', schemaRef('Insight'), etag),
          '200': answer('The same claim of the same person was raised before', schemaRef('Insight'), etag),
          ...may('Invalid'),
        },
        RaiseInsightRequest,
      ),
      get: operation(
        ...(['insights', 'listInsights', 'Newest first: of your teams and your own; managers and admins all'] as const),
        [
          inQuery('state', `One or several of ${insightStates.join(', ')} by commas; answered: all but raised`),
          inQuery('team', 'Who is to answer them'),
          inQuery('raisedBy', '`me`, a subject, or what of the system: emerging, drivers…'),
          ...pages,
        ],
        { '200': answer('A page', page('Insight')), ...may('Invalid') },
      ),
    },
    '/v1/insights/{insightId}': {
      get: operation(...(['insights', 'readInsight', 'One of them with its history'] as const), [inPath('insightId')], {
        '200': answer(
          'The insight',
          object({ ...insight, history: list(schemaRef('InsightEvent')) }, insightOptional),
          etag,
        ),
        ...may('NotFound'),
      }),
    },
    ...insightAnswer('accept', 'It is so, and the team will look into it', AcceptRequest),
    ...insightAnswer('decline', 'Nothing will be done, and why', DeclineRequest),
    ...insightAnswer('merge', 'Another one says the same, and gets the evidence', MergeRequest),
    ...insightAnswer('assign', 'Another team owns it', AssignInsightRequest),
    ...insightAnswer(
      'improve',
      'Plan an improvement with its loops; the answer has it as `improvement`',
      ImproveRequest,
    ),
    '/v1/improvements': {
      post: operation(
        ...(['improvements', 'planImprovement', 'Plan one; for people of its team, managers and admins'] as const),
        [],
        { '201': changed, ...may('Invalid') },
        ImprovementRequest,
      ),
      get: operation(
        ...([
          'improvements',
          'listImprovements',
          'Newest first: of your teams and your own; managers and admins all',
        ] as const),
        [
          inQuery('state', `One or several of ${improvementStates.join(', ')}, by commas`),
          inQuery('owner', '`me`, or a subject'),
          inQuery('team', 'Whose they are'),
          ...pages,
        ],
        { '200': answer('A page', page('ShownImprovement')), ...may('Invalid') },
      ),
    },
    '/v1/improvements/{improvementId}': {
      get: operation(
        ...(['improvements', 'readImprovement', 'With what it moved, and what came of telling its customers'] as const),
        [inPath('improvementId')],
        { '200': answer('The improvement', schemaRef('ShownImprovement'), etag), ...may('NotFound') },
      ),
      patch: operation(
        ...(['improvements', 'changeImprovement', 'Say some of it anew, begin it, or drop it'] as const),
        [inPath('improvementId'), ifMatch],
        { '200': changed, ...changes },
        ImprovementPatchRequest,
      ),
    },
    '/v1/improvements/{improvementId}/loops': {
      get: operation(
        ...(['improvements', 'listLoopsOfImprovement', 'The loops in it, in the order of their ids'] as const),
        [inPath('improvementId'), ...pages],
        {
          '200': answer('A page', object({ items: list(object({ loopId: uuid })), cursor: text }, ['cursor'])),
          ...may('Invalid', 'NotFound'),
        },
      ),
      post: operation(
        ...([
          'improvements',
          'attachLoops',
          'Loops by hand, by a rule, or both; the rule is looked at again when it is done',
        ] as const),
        [inPath('improvementId'), ifMatch],
        { '200': changed, ...changes },
        AttachRequest,
      ),
    },
    '/v1/improvements/{improvementId}/done': {
      post: operation(
        ...([
          'improvements',
          'finishImprovement',
          'It is done: each customer in it is told once, where the customer spoke',
        ] as const),
        [inPath('improvementId'), ifMatch],
        { '200': changed, ...changes },
        DoneRequest,
      ),
    },
    '/v1/ownership': {
      get: operation(...(['ownership', 'readOwnership', 'Which team owns which part of the experience'] as const), [], {
        '200': answer('The table; the most specific rule wins', schemaRef('Ownership'), etag),
        ...may(),
      }),
      put: operation(
        ...(['ownership', 'setOwnership', 'From now on; for managers and admins'] as const),
        [ifMatch],
        {
          '200': answer('The table', schemaRef('Ownership'), etag),
          ...may('Invalid', 'VersionConflict', 'IfMatchMissing'),
        },
        OwnershipRequest,
      ),
    },
  };
}
