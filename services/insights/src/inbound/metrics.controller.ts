import { CurrentPrincipal, ForPeople, invalid, Problem, type Principal } from '@closeloop/platform';
import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { AnswerMetric } from '../application/answer-metric.handler.js';
import { type MetricDefinition } from '../domain/metric.js';
import { csvOf } from './csv.js';
import { cursorOf, limitOf, oneOf, personOf, placeOf, questionOf } from './metric-question.js';

/** Numbers of teams that one may see: agents those of their own, managers and admins all. */
@Controller('v1/metrics')
@ForPeople('agent', 'manager', 'admin')
export class MetricsController {
  constructor(private readonly metrics: AnswerMetric) {}

  @Get()
  list() {
    return { metrics: this.metrics.definitions() };
  }

  @Get(':name')
  async read(
    @Param('name') name: string,
    @Query() query: Record<string, unknown>,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const question = questionOf(query, this.definitionOf(name), personOf(principal), ['format']);
    const format = oneOf('format', query['format']) ?? 'json';
    if (format !== 'json' && format !== 'csv') throw invalid('/format', 'isIn', 'format is one of json, csv.');
    const answer = (await this.metrics.answer(name, question))!;
    if (format === 'json') return answer;
    void reply
      .type('text/csv; charset=utf-8; header=present')
      .header('content-disposition', `attachment; filename="${name}.csv"`);
    return csvOf(answer);
  }

  /** What is behind a number, newest first. */
  @Get(':name/feedback')
  async behind(
    @Param('name') name: string,
    @Query() query: Record<string, unknown>,
    @CurrentPrincipal() principal: Principal,
  ) {
    const question = questionOf(query, this.definitionOf(name), personOf(principal), ['limit', 'cursor', 'format']);
    const page = await this.metrics.behind(name, question, placeOf(query['cursor']), limitOf(query['limit']));
    if (!page) throw new Problem('not-found', `${name} is counted of no feedback.`);
    return { items: page.items, ...(page.next && { cursor: cursorOf(page.next) }) };
  }

  private definitionOf(name: string): MetricDefinition {
    const definition = this.metrics.definition(name);
    if (!definition) throw new Problem('not-found', 'There is no such metric: GET /v1/metrics lists them.');
    return definition;
  }
}
