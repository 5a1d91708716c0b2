import { schemasOf } from '@closeloop/contracts';
import { stationPaths } from '@closeloop/messaging';
import { auditPaths, type OpenApiDocument, schemaRef, openApi } from '@closeloop/platform';
import { ConditionInput } from './conditions.controller.js';
import { ActivateRequest, RuleInput } from './rule-set.input.js';
import { TeamInput } from './teams.controller.js';
import { ruleSetId } from './rule-set-id.openapi.js';

const { answers, body, count, inPath, list, may, object, people, positive, text, timestamp } = openApi;

const ifMatch = (required: boolean) => ({
  ...{ name: 'If-Match', in: 'header', required },
  description: 'The ETag of the draft as you saw it: refused with 409 if it was edited since',
  schema: { type: 'string', examples: ['"1"'] },
});
const etag = { ETag: { description: '"<edition>" of a draft, for If-Match', schema: text } };
const id = inPath('id', ruleSetId);
const ruleSet = schemaRef('RuleSet');

const paths: OpenApiDocument['paths'] = {
  '/v1/teams': {
    get: {
      operationId: 'listTeams',
      summary: 'The teams, by name; for people of any role',
      tags: ['teams'],
      security: people,
      responses: { ...answers('200', 'All of them', object({ items: list(schemaRef('Team')) })), ...may() },
    },
    post: {
      operationId: 'makeTeam',
      summary: 'Make a team and the Kafka topic of its inbox; for managers and admins',
      description:
        'The topic `team-inbox.<name>.v1` is there before the answer. 503: Kafka is away, and no team was made.',
      tags: ['teams'],
      security: people,
      requestBody: body('TeamInput'),
      responses: { ...answers('201', 'The team', schemaRef('Team')), ...may('Invalid', 'VersionConflict') },
    },
  },
  '/v1/teams/{name}': {
    delete: {
      operationId: 'removeTeam',
      summary: 'Remove a team that the active rules do not name; for managers and admins. Its topic stays.',
      tags: ['teams'],
      security: people,
      parameters: [inPath('name', { type: 'string', maxLength: 63 })],
      responses: { '204': { description: 'It is gone' }, ...may('NotFound', 'TransitionRefused') },
    },
  },
  '/v1/conditions': {
    get: {
      operationId: 'readConditionEnvironment',
      summary: 'What the condition of a rule may speak of, and what it may call; for people of any role',
      tags: ['rule-sets'],
      security: people,
      responses: {
        ...answers('200', 'Fields with their types, and functions', schemaRef('ConditionEnvironment')),
        ...may(),
      },
    },
  },
  '/v1/conditions/check': {
    post: {
      operationId: 'checkCondition',
      summary: 'What a rule with this condition would be refused for; for managers and admins',
      description: 'Nothing is kept. An empty list: it is good.',
      tags: ['rule-sets'],
      security: people,
      requestBody: body('ConditionInput'),
      responses: {
        ...answers(
          '200',
          'What is wrong, with its place',
          object({
            problems: list(object({ rule: text, message: text, line: positive, column: positive }, ['line', 'column'])),
          }),
        ),
        ...may('Invalid'),
      },
    },
  },
  '/v1/rule-sets': {
    get: {
      operationId: 'listRuleSets',
      summary: 'Drafts, then versions, newest first; for people of any role',
      tags: ['rule-sets'],
      security: people,
      responses: {
        ...answers('200', 'At most 100 of each', object({ items: list(schemaRef('RuleSetHeading')) })),
        ...may(),
      },
    },
    post: {
      operationId: 'createRuleSet',
      summary: 'Write a draft; for managers and admins',
      description:
        'Every rule is checked: a wrong field, type, function, team or SLA policy is refused with its place and the nearest names.',
      tags: ['rule-sets'],
      security: people,
      requestBody: body('RuleSetInput'),
      responses: { ...answers('201', 'The draft', ruleSet, etag), ...may('Invalid', 'VersionConflict') },
    },
  },
  '/v1/rule-sets/{id}': {
    get: {
      operationId: 'readRuleSet',
      summary: 'A rule set with its rules, and who did what to it and why; for people of any role',
      description: '`active` is an id too. The id of a draft goes on naming the version that it became.',
      tags: ['rule-sets'],
      security: people,
      parameters: [id],
      responses: { ...answers('200', 'The rule set', ruleSet, etag), ...may('NotFound') },
    },
    put: {
      operationId: 'editRuleSet',
      summary: 'Put other rules into a draft; for managers and admins',
      tags: ['rule-sets'],
      security: people,
      parameters: [id, ifMatch(true)],
      requestBody: body('RuleSetInput'),
      responses: {
        ...answers('200', 'The draft', ruleSet, etag),
        ...may('Invalid', 'NotFound', 'VersionConflict', 'TransitionRefused', 'IfMatchMissing'),
      },
    },
    delete: {
      operationId: 'deleteRuleSet',
      summary: 'Delete a draft; for managers and admins',
      tags: ['rule-sets'],
      security: people,
      parameters: [id, ifMatch(false)],
      responses: {
        '204': { description: 'It is gone' },
        ...may('Invalid', 'NotFound', 'VersionConflict', 'TransitionRefused'),
      },
    },
  },
  '/v1/rule-sets/{id}/activate': {
    post: {
      operationId: 'activateRuleSet',
      summary: 'Make a draft, or a retired version again, the next version and the active one; for managers and admins',
      description:
        'In one step, over all replicas: every routed event says the one version that routed it. 422: a team has gone since, or it is active.',
      tags: ['rule-sets'],
      security: people,
      parameters: [id, ifMatch(false)],
      requestBody: body('ActivateRequest'),
      responses: {
        ...answers('200', 'The version that it became', ruleSet),
        ...may('Invalid', 'NotFound', 'VersionConflict', 'TransitionRefused'),
      },
    },
  },
};

const heading = {
  id: { ...text, description: '`draft-3`; once it was activated the version, such as `12`' },
  state: { type: 'string', enum: ['draft', 'active', 'retired'] },
  version: { ...positive, description: 'What routed events name' },
  edition: { ...positive, description: 'Of a draft: counts its edits' },
  basedOn: { ...positive, description: 'Of a draft: the version that was active when it was written' },
  from: { ...text, description: 'The draft that it was, or the version whose rules it has again' },
  ...{ createdAt: timestamp, createdBy: text, activatedAt: timestamp, retiredAt: timestamp },
};
const optional = ['version', 'edition', 'basedOn', 'from', 'activatedAt', 'retiredAt'];

const schemas: Record<string, unknown> = {
  ...schemasOf([TeamInput, RuleInput, ActivateRequest, ConditionInput], (name) => `#/components/schemas/${name}`),
  Team: object({ name: text, displayName: text, createdAt: timestamp, createdBy: text }),
  RuleSetInput: object(
    {
      rules: {
        ...list(schemaRef('RuleInput')),
        maxItems: 1000,
        description: 'In their order: the first that matches wins',
      },
      basedOn: { ...positive, description: 'The version that you saw as the active one: 409 if another is by now' },
      reason: { type: 'string', minLength: 1, maxLength: 2000 },
    },
    ['basedOn', 'reason'],
  ),
  ConditionType: object(
    {
      kind: { type: 'string', enum: ['string', 'int', 'double', 'bool', 'dyn', 'map', 'list', 'message'] },
      values: { ...list(text), description: 'All that a text can be' },
      of: { ...schemaRef('ConditionType'), description: 'Of a list: what is in it' },
      fields: { type: 'object', additionalProperties: schemaRef('ConditionType') },
    },
    ['values', 'of', 'fields'],
  ),
  ConditionEnvironment: object({
    variables: { type: 'object', additionalProperties: schemaRef('ConditionType') },
    functions: list(object({ name: text, on: { type: 'string', enum: ['string', 'list', 'any'] }, example: text })),
  }),
  RuleSetHeading: object({ ...heading, ruleCount: count }, optional),
  RuleSet: object(
    {
      ...{ ...heading, rules: list(schemaRef('RuleInput')) },
      history: list(
        object(
          {
            step: { type: 'string', enum: ['created', 'edited', 'activated', 'retired'] },
            ...{ at: timestamp, by: text, reason: text },
          },
          ['reason'],
        ),
      ),
    },
    optional,
  ),
};

/** The document of the program that routes; `release` is the service's own version. */
export const routingDocument = (release: string): OpenApiDocument =>
  openApi.documentOf(
    { title: 'Closeloop routing', version: release, summary: 'Teams, and the rules by which feedback comes to them.' },
    [
      { name: 'teams', description: 'Who acts on feedback' },
      { name: 'rule-sets', description: 'Versioned rules: draft, active, retired' },
      { name: 'audit', description: 'Who changed what, here and at rehearsal; for managers and admins' },
    ],
    { ...paths, ...auditPaths(people, 'audit', may('Invalid')), ...stationPaths(people, 'operations', may()) },
    schemas,
  );
