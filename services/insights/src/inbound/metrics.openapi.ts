import { loopStates } from '@closeloop/contracts';
import { openApi, type OpenApiDocument, schemaRef } from '@closeloop/platform';
import { dimensions } from '../domain/dimension.js';
import { clocks, countedMetrics, grains } from '../domain/metric.js';

const { answers, count, inPath, list, may, object, people, text, timestamp, uuid } = openApi;
type Schema = openApi.Schema;
const inQuery = (name: string, schema: Schema, description: string) => openApi.inQuery(name, description, schema);
const numberOrNull: Schema = { type: ['number', 'null'] };
const textOrNull: Schema = { type: ['string', 'null'] };
const interval: Schema = {
  ...{ type: ['array', 'null'], items: numberOrNull, minItems: 2, maxItems: 2 },
  description: '95 %; an end beyond what the data can say is null',
};
const score = object({ value: { type: 'number' }, scale: { type: 'number' } });
const surveyScore = object({ metric: text, score: { type: 'number' }, scale: { type: 'number' } });

const metricName = {
  ...inPath('name', text),
  schema: { type: 'string', examples: countedMetrics.map(({ name }) => name) },
};
const question = [
  inQuery('from', text, 'A day (YYYY-MM-DD, UTC) or an instant; 30 days before `to` unless given'),
  inQuery('to', text, 'Exclusive; the end of today unless given'),
  inQuery('by', text, `Dimensions by commas, at most 4: ${dimensions.join(', ')}, as far as the metric has them`),
  inQuery('grain', { type: 'string', enum: grains }, 'A number for each; total unless given'),
  inQuery('clock', { type: 'string', enum: clocks }, 'Of times and promises; customer unless given'),
  ...dimensions
    .filter((dimension) => dimension !== 'age')
    .map((dimension) => ({
      ...inQuery(
        dimension,
        { type: 'array', items: text },
        'Any of these, each given by itself; empty: where none is said',
      ),
      explode: true,
    })),
];

export const metricsPaths: OpenApiDocument['paths'] = {
  '/v1/metrics': {
    get: {
      operationId: 'listMetrics',
      summary: 'What can be asked for, what each number is, and by what it can be split',
      tags: ['metrics'],
      security: people,
      responses: { ...answers('200', 'The metrics', object({ metrics: list(schemaRef('Metric')) })), ...may() },
    },
  },
  '/v1/metrics/{name}': {
    get: {
      operationId: 'readMetric',
      summary: 'A metric, with n and interval, by any mix of dimensions and period; agents get that of their teams',
      tags: ['metrics'],
      security: people,
      parameters: [
        metricName,
        ...question,
        inQuery('format', { type: 'string', enum: ['json', 'csv'] }, 'json unless given'),
      ],
      responses: {
        '200': {
          description: 'The numbers',
          content: {
            'application/json': { schema: schemaRef('MetricAnswer') },
            'text/csv': { schema: { type: 'string' } },
          },
        },
        ...may('Invalid', 'NotFound'),
      },
    },
  },
  '/v1/metrics/{name}/feedback': {
    get: {
      operationId: 'listFeedbackBehind',
      summary: 'The feedback behind a number, newest first; of loops, what opened them',
      tags: ['metrics'],
      security: people,
      parameters: [
        metricName,
        ...question,
        inQuery('limit', { type: 'integer', minimum: 1, maximum: 200 }, '50 unless given'),
        inQuery('cursor', text, '`cursor` of the page before'),
      ],
      responses: {
        ...answers('200', 'A page', object({ items: list(schemaRef('FeedbackBehind')), cursor: text }, ['cursor'])),
        ...may('Invalid', 'NotFound'),
      },
    },
  },
  '/v1/customers/{customerKey}': {
    get: {
      operationId: 'readCustomer',
      summary: 'One customer over all channels: timeline, scores, segments, orders, and what speaks for their leaving',
      tags: ['customers'],
      security: people,
      parameters: [inPath('customerKey', { ...text, description: 'As sources give it' })],
      responses: { ...answers('200', 'The customer', schemaRef('Customer')), ...may('NotFound') },
    },
  },
  '/v1/changes': {
    get: {
      operationId: 'followChanges',
      summary:
        'What happens to loops and insights, as server-sent events (`loop`, `insight`); agents hear of their teams',
      tags: ['changes'],
      security: people,
      responses: {
        '200': {
          description: 'Events until the reader hangs up; a comment each 15 seconds',
          content: { 'text/event-stream': { schema: { type: 'string' } } },
        },
        ...may('RateLimited'),
      },
    },
  },
};

export const metricsSchemas: Record<string, unknown> = {
  Metric: object({
    ...{ name: text, title: text, definition: text },
    unit: { type: 'string', enum: ['points', 'share', 'stars', 'score', 'milliseconds', 'count'] },
    source: { ...text, description: 'Where its formula is from' },
    dimensions: list({ type: 'string', enum: dimensions }),
  }),
  MetricAnswer: object({
    ...{ metric: text, title: text, definition: text, unit: text, from: timestamp, to: timestamp },
    ...{ grain: { type: 'string', enum: grains }, by: list(text) },
    rows: list(
      object(
        {
          period: { type: 'string', format: 'date', description: 'Its first day' },
          values: { type: 'object', additionalProperties: textOrNull },
          n: count,
          ...{ value: numberOrNull, interval },
          small: { type: 'boolean', description: 'So few that it says little (INSIGHTS_SMALL_N)' },
          hidden: {
            type: 'boolean',
            description: 'So few that people could be recognised (INSIGHTS_HIDDEN_N): there is no number',
          },
          quantiles: {
            type: ['array', 'null'],
            items: object({ q: { type: 'number' }, value: numberOrNull, interval }),
          },
          parts: { type: 'object', additionalProperties: { type: 'number' } },
        },
        ['period', 'quantiles', 'parts'],
      ),
    ),
  }),
  FeedbackBehind: object(
    {
      ...{ feedbackId: uuid, loopId: { type: ['string', 'null'], format: 'uuid' }, at: timestamp },
      ...{ channel: textOrNull, team: textOrNull, topics: list(text), sentiment: textOrNull },
      ...{ rating: score, survey: surveyScore },
      state: { type: ['string', 'null'], enum: [...loopStates, null] },
      excerpt: { ...textOrNull, description: 'null once its words are erased' },
    },
    ['rating', 'survey'],
  ),
  Customer: object(
    {
      customerKey: text,
      timeline: list(
        object(
          {
            ...{
              at: timestamp,
              kind: { type: 'string', enum: ['feedback', 'loop', 'reply', 'follow-up', 'improvement'] },
            },
            ...{
              channel: text,
              touchpoint: text,
              feedbackId: uuid,
              loopId: uuid,
              improvementId: uuid,
              change: text,
              note: text,
            },
            ...{ team: text, state: text, excerpt: text, sentiment: text, rating: score, survey: surveyScore },
          },
          [
            ...['channel', 'touchpoint', 'feedbackId', 'loopId', 'improvementId', 'change', 'note'],
            ...['team', 'state', 'excerpt', 'sentiment', 'rating', 'survey'],
          ],
        ),
      ),
      scores: {
        type: 'object',
        description: 'By metric, or rating: the last one, and how many there are',
        additionalProperties: object({
          ...{ value: { type: 'number' }, scale: { type: 'number' }, at: timestamp, n: count },
        }),
      },
      segments: list(text),
      value: object({ orders: count, total: { type: 'number' }, currency: text, repeatRate: { type: 'number' } }, [
        'currency',
      ]),
      churnRisk: object({ value: numberOrNull, reasons: list(text), model: textOrNull, note: text }, ['note']),
    },
    ['value'],
  ),
};
