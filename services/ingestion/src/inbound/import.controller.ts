import { Readable } from 'node:stream';
import {
  AcceptsStream,
  CurrentPrincipal,
  ForConnectors,
  invalid,
  type Principal,
  Problem,
  problemOf,
  SenderGone,
} from '@closeloop/platform';
import { Body, Controller, Headers, Logger, Post, Query, Res } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type FastifyInstance, type FastifyReply } from 'fastify';
import { ImportFeedback, type ImportReport } from '../application/import-feedback.handler.js';
import { RateLimit } from '../application/rate-limit.js';
import { EdgesConfig } from '../edges.config.js';
import { connectorOf } from './connector.js';
import { idempotencyKeyOf } from './request-body.js';

const csv = 'text/csv';
const ndjson = ['application/x-ndjson', 'application/ndjson', 'application/jsonl'];

@Controller('v1/feedback/import')
export class ImportController {
  private readonly logger = new Logger(ImportController.name);
  private readonly running = new Set<Readable>();

  constructor(
    private readonly imports: ImportFeedback,
    private readonly rateLimit: RateLimit,
    private readonly config: EdgesConfig,
    host: HttpAdapterHost,
  ) {
    // an import may take hours: at a stop it ends after the batch at hand, and says where
    host.httpAdapter.getInstance<FastifyInstance>().addHook('preClose', (done) => {
      const stopping = new Problem('store-unavailable', 'The service is being stopped. Send the file again.');
      for (const body of this.running) body.destroy(stopping);
      done();
    });
  }

  /** Answers with a stream of lines: one for each bad record while the file is read, and the sums at the end. */
  @Post()
  @ForConnectors()
  @AcceptsStream({ mediaTypes: [...ndjson, csv] })
  async import(
    @Body() body: Readable | undefined,
    @Headers('content-type') contentType: string,
    @Headers('idempotency-key') key: string | undefined,
    @Query('historic') historic: string | undefined,
    @CurrentPrincipal() principal: Principal,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const connector = connectorOf(principal);
    const idempotencyKey = idempotencyKeyOf(key);
    if (!body) throw invalid('', 'isNotEmpty', 'There is no file in the body.');
    if (historic !== undefined && historic !== 'true' && historic !== 'false') {
      throw invalid('', 'query', 'historic must be true or false');
    }
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    this.running.add(body);
    body.once('close', () => this.running.delete(body));

    const reports = this.imports.run(body, {
      format: contentType.toLowerCase().startsWith(csv) ? 'csv' : 'ndjson',
      source: connector.source,
      historic: historic !== 'false',
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      pace: (events) => this.rateLimit.pace(connector, events, gone.signal),
      backlogWaitMs: this.config.importBacklogWaitSeconds * 1000,
    });
    const first = await reports.next();
    // nothing was taken in yet: the whole request can still be refused
    if (!first.done && first.value.kind === 'stopped' && first.value.summary.lines === 0) throw first.value.error;
    await reply
      .code(200)
      .type('application/x-ndjson')
      .send(Readable.from(this.lines(first, reports, reply)));
  }

  private async *lines(
    first: IteratorResult<ImportReport, void>,
    rest: AsyncGenerator<ImportReport, void, undefined>,
    reply: FastifyReply,
  ): AsyncGenerator<string> {
    try {
      if (!first.done) yield* this.line(first.value);
      for await (const report of rest) yield* this.line(report);
    } finally {
      // what is left of the upload is let go, so that its sender comes to read the report
      reply.request.raw.resume();
    }
  }

  private *line(report: ImportReport): Generator<string> {
    switch (report.kind) {
      case 'progress':
        return;
      case 'rejected':
        yield `${JSON.stringify({ line: report.line, result: 'rejected', errors: report.errors })}\n`;
        return;
      case 'stopped': {
        const { line, summary } = report;
        if (report.error instanceof SenderGone) {
          this.logger.log(`an import ended before line ${line}: its sender went away`);
          return;
        }
        const { document, log } = problemOf(report.error);
        if (log) this.logger[log.level](`an import stopped before line ${line}: ${log.message}`, log.stack);
        yield `${JSON.stringify({ line, result: 'stopped', problem: document, summary })}\n`;
        return;
      }
      case 'summary':
        yield `${JSON.stringify({ summary: report.summary })}\n`;
        return;
    }
  }
}
