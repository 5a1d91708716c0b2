import { Feedback, Route, schemasOf, Tags } from '@closeloop/contracts';
import { stationPaths } from '@closeloop/messaging';
import { jsonContent, type OpenApiDocument, schemaRef, openApi } from '@closeloop/platform';
import { DryRunRequest, RerouteRequest } from './rehearsal.request.js';
import { ruleSetId } from './rule-set-id.openapi.js';

const { answers, body, count, inPath, list, may, object, people, positive, text, timestamp, uuid } = openApi;

const id = inPath('id', ruleSetId);
const rerouteId = inPath('rerouteId', uuid);

const paths: OpenApiDocument['paths'] = {
  '/v1/rule-sets/{id}/explain': {
    post: {
      operationId: 'explainRoute',
      summary: 'Why a feedback goes where it goes by these rules; for managers and admins',
      description:
        'Each rule in its order: matched, or the part of its condition that was false, with the values that it saw.',
      tags: ['rule-sets'],
      security: people,
      parameters: [id],
      requestBody: body('ExplainRequest'),
      responses: { ...answers('200', 'The explanation', schemaRef('Explanation')), ...may('Invalid', 'NotFound') },
    },
  },
  '/v1/rule-sets/{id}/dry-run': {
    post: {
      operationId: 'dryRunRuleSet',
      summary: 'What these rules would do otherwise than others; for managers and admins',
      description:
        'Over the feedback that is kept of a period (JSON: the last 30 days unless it says which), or over a file of feedback or of ' +
        '{feedback, tags}, one a line. The answer is a stream of lines: how far it is each second, lines of a file that are refused, ' +
        'and the report at the end; `stopped` where it breaks off. Whoever hangs up ends it. Two at once.',
      tags: ['rule-sets'],
      security: people,
      parameters: [
        id,
        {
          name: 'against',
          in: 'query',
          required: false,
          description: 'With a file; else in the body',
          schema: ruleSetId,
        },
      ],
      requestBody: {
        required: false,
        content: { ...jsonContent(schemaRef('DryRunRequest')), 'application/x-ndjson': { schema: text } },
      },
      responses: {
        '200': { description: 'Lines', content: { 'application/x-ndjson': { schema: schemaRef('DryRunLine') } } },
        ...may('Invalid', 'NotFound', 'RateLimited'),
      },
    },
  },
  '/v1/reroutes': {
    get: {
      operationId: 'listReroutes',
      summary: 'Periods that were or are routed anew, newest first; for managers and admins',
      tags: ['reroutes'],
      security: people,
      responses: { ...answers('200', 'At most 100', object({ items: list(schemaRef('Reroute')) })), ...may() },
    },
    post: {
      operationId: 'reroute',
      summary: 'Route a period anew by the active rules, no faster than asked; for managers and admins',
      description:
        'Feedback that comes to something else gets the next revision of its route; the loop service moves only loops that nobody has ' +
        'touched. It goes on after a restart, and stops where other rules become active.',
      tags: ['reroutes'],
      security: people,
      requestBody: body('RerouteRequest'),
      responses: { ...answers('202', 'It runs', schemaRef('Reroute')), ...may('Invalid') },
    },
  },
  '/v1/reroutes/{rerouteId}': {
    get: {
      operationId: 'readReroute',
      summary: 'How far it is; for managers and admins',
      tags: ['reroutes'],
      security: people,
      parameters: [rerouteId],
      responses: { ...answers('200', 'The reroute', schemaRef('Reroute')), ...may('NotFound') },
    },
  },
  '/v1/reroutes/{rerouteId}/stop': {
    post: {
      operationId: 'stopReroute',
      summary: 'Go on no more; what was routed anew stays so. For managers and admins',
      tags: ['reroutes'],
      security: people,
      parameters: [rerouteId],
      responses: { ...answers('200', 'The reroute', schemaRef('Reroute')), ...may('NotFound') },
    },
  },
  '/v1/fallbacks': {
    get: {
      operationId: 'listFallbacks',
      summary:
        'Where feedback that no rule matches belongs, learned from loops that people have moved; for people of any role',
      tags: ['fallbacks'],
      security: people,
      responses: { ...answers('200', 'By topic', schemaRef('Fallbacks')), ...may() },
    },
  },
};

const move = { from: text, to: text, count };
const share = { type: 'number', minimum: 0, maximum: 1 };

const schemas: Record<string, unknown> = {
  ...schemasOf([Feedback, Tags, Route, DryRunRequest, RerouteRequest], (name) => `#/components/schemas/${name}`),
  ExplainRequest: {
    description: 'One that is kept, by its id; or one that is given: what is not said of it gets the usual value.',
    anyOf: [
      object({ feedbackId: uuid }),
      object({ feedback: schemaRef('Feedback'), tags: { anyOf: [schemaRef('Tags'), { type: 'null' }] } }, ['tags']),
    ],
  },
  Explanation: object(
    {
      ...{ ruleSet: text, state: { type: 'string', enum: ['draft', 'active', 'retired'] }, version: positive },
      feedback: object({ feedbackId: uuid, revision: positive }),
      tagged: { type: 'boolean' },
      route: { type: 'object', description: 'As routed events have it; ruleSetVersion is null by a draft' },
      rules: list(
        object(
          {
            ...{ name: text, team: text, matched: { type: 'boolean' } },
            wins: { const: true, description: 'The first that matched' },
            because: list(
              object({
                part: { ...text, description: 'The part of the condition that was false, as it is written' },
                saw: list(object({ field: text, value: {}, absent: { const: true } }, ['value', 'absent'])),
              }),
            ),
            failed: { ...text, description: 'Kind of the error; it counted as not matching' },
          },
          ['wins', 'because', 'failed'],
        ),
      ),
    },
    ['version'],
  ),
  DryRunLine: {
    anyOf: [
      object({ kind: { const: 'progress' }, lookedAt: count, moved: count, of: count }, ['of']),
      object({ kind: { const: 'refused' }, line: positive, errors: { type: 'array' } }),
      object({ kind: { const: 'stopped' }, problem: schemaRef('Problem') }),
      schemaRef('DryRunReport'),
    ],
  },
  DryRunReport: object(
    {
      ...{ kind: { const: 'report' }, ruleSet: text, against: text, lookedAt: count },
      changed: { ...count, description: 'That come to another team, priority, SLA policy or loop, or other labels' },
      moved: { ...count, description: 'Of those: to another team' },
      teams: list(
        object({
          ...move,
          examples: list(
            object({ feedbackId: uuid, excerpt: text, rules: { ...list(text), minItems: 2, maxItems: 2 } }),
          ),
        }),
      ),
      ...{
        priorities: list(object(move)),
        loops: list(object(move)),
        slaPolicies: list(object(move)),
        relabelled: count,
      },
      rules: list(object({ name: text, before: count, after: count }, ['before', 'after'])),
      failures: list(object({ rule: text, count })),
      refused: { ...count, description: 'Lines of the file' },
    },
    ['refused'],
  ),
  Reroute: object(
    {
      ...{
        rerouteId: uuid,
        ruleSetVersion: positive,
        from: timestamp,
        to: timestamp,
        perSecond: positive,
        reason: text,
      },
      ...{ askedBy: text, askedAt: timestamp, state: { type: 'string', enum: ['running', 'done', 'stopped'] } },
      stoppedBecause: { type: 'string', enum: ['asked', 'other-rules-active'] },
      endedAt: timestamp,
      lookedAt: { ...count, description: 'Feedback that was looked at' },
      rerouted: { ...count, description: 'That got a new revision of its route' },
      moved: { ...count, description: 'Of those: to another team' },
    },
    ['stoppedBecause', 'endedAt'],
  ),
  Fallbacks: object(
    {
      ...{ version: count, learnedAt: timestamp, minExamples: positive },
      threshold: {
        type: ['number', 'null'],
        description: 'Confidence from which on it is acted on; null: proposed only',
      },
      items: list(
        object({
          ...{ topic: text, team: text },
          n: { ...positive, description: 'Loops with that topic that people have moved' },
          toTeam: { ...positive, description: 'Of those: to that team' },
          confidence: { ...share, description: 'Lower end of the 95 % Wilson interval of toTeam / n' },
        }),
      ),
    },
    ['learnedAt'],
  ),
};

/** The document of the program beside; `release` is the service's own version. */
export const rehearsalDocument = (release: string): OpenApiDocument =>
  openApi.documentOf(
    {
      ...{ title: 'Closeloop rehearsal', version: release },
      summary: 'Rules tried on what was said, explained, and applied to a period anew.',
    },
    [
      { name: 'rule-sets', description: 'Tried and explained; they are written at routing' },
      { name: 'reroutes', description: 'Periods that are routed anew' },
      { name: 'fallbacks', description: 'What people’s moves of loops have taught' },
    ],
    { ...paths, ...stationPaths(people, 'operations', may()) },
    schemas,
  );
