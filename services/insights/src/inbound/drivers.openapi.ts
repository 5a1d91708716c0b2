import { schemasOf } from '@closeloop/contracts';
import { openApi, type OpenApiDocument, schemaRef } from '@closeloop/platform';
import { driverFilters } from '../domain/drivers/driver-store.js';
import { driverOutcomes, driverUnits } from '../domain/drivers/drivers.js';
import { emergingStates } from '../domain/emerging/emerging-store.js';
import { DismissRequest } from './emerging.request.js';

const { answers, body, count, inPath, list, may, object, people, text, timestamp, uuid } = openApi;
type Schema = openApi.Schema;
const textOrNull: Schema = { type: ['string', 'null'] };
const uuidOrNull: Schema = { type: ['string', 'null'], format: 'uuid' };
const day: Schema = { type: 'string', format: 'date' };
const number: Schema = { type: 'number' };
const interval: Schema = { type: 'array', items: number, minItems: 2, maxItems: 2, description: '95 %' };
const inQuery = (name: string, description: string, schema: Schema) => ({ name, in: 'query', description, schema });
const period = [inQuery('from', 'A day, or an instant', text), inQuery('to', 'A day, or an instant; exclusive', text)];

export const driverSchemas: Record<string, unknown> = {
  ...schemasOf([DismissRequest], (name) => `#/components/schemas/${name}`),
  Drivers: object(
    {
      outcome: { type: 'string', enum: driverOutcomes },
      unit: { type: 'string', enum: Object.values(driverUnits), description: 'Of the effects' },
      ...{ from: timestamp, to: timestamp, n: count, controlledFor: list(text) },
      share: {
        ...number,
        description:
          'Of the feedback that was looked at, 0..1: of more than 15,000 that are scored about so many, drawn by their ids',
      },
      drivers: list(
        object({
          topic: text,
          n: { ...count, description: 'Feedback with that topic' },
          effect: {
            ...number,
            description: 'By how much it differs from feedback of the same channel, product and question without it',
          },
          ...{ interval, p: number },
          q: { ...number, description: 'p corrected for many topics (Benjamini and Hochberg)' },
          significant: { type: 'boolean', description: 'q ≤ .05' },
        }),
      ),
      note: text,
    },
    ['note'],
  ),
  EmergingIssue: object({
    emergingId: uuid,
    topic: { ...textOrNull, description: 'null: all feedback' },
    location: { ...textOrNull, description: 'null: everywhere' },
    product: { ...textOrNull, description: 'null: all of them' },
    ...{ since: day, foundOn: day, lastDay: { ...day, description: 'The last that was above what was expected' } },
    observed: { ...count, description: 'From since to lastDay' },
    expected: { ...number, description: 'By level, trend, weekday, and how busy the days were' },
    ...{ ratio: number, interval: { ...interval, description: '95 %, of the ratio' }, q: number },
    team: { ...textOrNull, description: 'That most of the feedback behind it is of' },
    state: { type: 'string', enum: emergingStates },
    insightId: { ...uuidOrNull, description: 'What was raised for the team that can change it' },
    carriedBy: {
      ...list(
        object({
          ...{ topic: textOrNull, location: textOrNull, product: textOrNull, observed: count },
          expected: { ...number, description: 'Its share of the 28 days before, of all that was expected together' },
        }),
      ),
      description:
        'The topics, places and products that make up a tenth of the rise or more, the greatest three of each first',
    },
    feedback: {
      ...list(object({ feedbackId: uuid, loopId: uuidOrNull, at: timestamp, excerpt: textOrNull })),
      description: 'The newest five behind it',
    },
  }),
};

export const driverPaths: OpenApiDocument['paths'] = {
  '/v1/drivers': {
    get: {
      operationId: 'findDrivers',
      summary: 'What topics move NPS, CSAT or ratings',
      description:
        'Least squares with a constant for each channel, product and question, robust against unequal variances (HC3), corrected for many ' +
        'topics. What goes along with a score need not be its cause. Agents: of their own teams.',
      tags: ['drivers'],
      security: people,
      parameters: [
        { ...inQuery('outcome', 'What is moved', { type: 'string', enum: driverOutcomes }), required: true },
        ...period,
        ...driverFilters.map((name) => ({
          ...inQuery(name, 'Any of these, each given by itself', list(text)),
          explode: true,
        })),
      ],
      responses: { ...answers('200', 'What was found first', schemaRef('Drivers')), ...may('Invalid') },
    },
  },
  '/v1/emerging': {
    get: {
      operationId: 'listEmerging',
      summary: 'What came more often than expected, with the feedback behind it',
      description:
        'Judged by day (UTC), once it is over; imported feedback at its own days. Agents: of their own teams.',
      tags: ['emerging'],
      security: people,
      parameters: [
        inQuery('open', 'Only what is open', { type: 'boolean' }),
        inQuery('team', 'Of this team', text),
        ...period,
        inQuery('limit', 'At most so many', { type: 'integer', minimum: 1, maximum: 200 }),
      ],
      responses: {
        ...answers('200', 'Open ones first, then the newest', object({ items: list(schemaRef('EmergingIssue')) })),
        ...may('Invalid'),
      },
    },
  },
  '/v1/emerging/{emergingId}/dismiss': {
    post: {
      operationId: 'dismissEmerging',
      summary: 'It is nothing; for managers and admins',
      tags: ['emerging'],
      security: people,
      parameters: [inPath('emergingId', uuid)],
      requestBody: body('DismissRequest'),
      responses: { ...answers('200', 'The issue', schemaRef('EmergingIssue')), ...may('Invalid', 'NotFound') },
    },
  },
};
