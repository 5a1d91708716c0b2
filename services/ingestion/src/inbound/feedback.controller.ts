import { sha256 } from '@closeloop/contracts';
import {
  AcceptsJson,
  CurrentPrincipal,
  ForConnectors,
  ForPeople,
  invalid,
  Problem,
  type Principal,
} from '@closeloop/platform';
import { Body, Controller, Get, Headers, HttpCode, Param, Post, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { AcceptFeedback, type RepeatableRequest } from '../application/accept-feedback.js';
import { RateLimit } from '../application/rate-limit.js';
import { ReadLedgerHandler } from '../application/read-ledger.handler.js';
import { ReadTraceHandler } from '../application/read-trace.handler.js';
import { type FeedbackView } from '../domain/ledger-view.js';
import { type TraceView } from '../domain/trace-view.js';
import { answerFor, answersFor, type ManyAnswer } from './acceptance-answer.js';
import { connectorOf } from './connector.js';
import { atMost, idempotencyKeyOf } from './request-body.js';

/** Most feedback in one batch. */
const maxBatch = 1000;
/** Most bytes of a batch, unpacked. */
const maxBatchBytes = 16 * 1024 * 1024;

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The plain API: feedback as JSON, one or many. */
@Controller('v1/feedback')
export class FeedbackController {
  constructor(
    private readonly acceptance: AcceptFeedback,
    private readonly rateLimit: RateLimit,
    private readonly ledger: ReadLedgerHandler,
    private readonly traces: ReadTraceHandler,
  ) {}

  @Post()
  @ForConnectors()
  async receive(
    @Body() input: unknown,
    @Headers('idempotency-key') key: string | undefined,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const connector = connectorOf(principal);
    const { source } = connector;
    const idempotencyKey = idempotencyKeyOf(key);
    reply.headers(this.rateLimit.take(connector, 1));
    const [result] = await this.acceptance.accept(
      [{ source, input, index: 0, ...(idempotencyKey !== undefined && { idempotencyKey }) }],
      repeatable('feedback', source, idempotencyKey, input),
    );
    const { status, body } = answerFor(result!);
    reply.code(status);
    if (status === 202) reply.header('location', `/v1/feedback/${body.feedbackId}`);
    return body;
  }

  @Post('batch')
  @HttpCode(200)
  @ForConnectors()
  @AcceptsJson({ maxBytes: maxBatchBytes })
  async receiveMany(
    @Body() inputs: unknown,
    @Headers('idempotency-key') key: string | undefined,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ManyAnswer[]> {
    const connector = connectorOf(principal);
    const { source } = connector;
    if (!Array.isArray(inputs)) throw invalid('', 'isArray', 'A batch is an array of feedback.');
    atMost(maxBatch, inputs);
    const idempotencyKey = idempotencyKeyOf(key);
    reply.headers(this.rateLimit.take(connector, inputs.length));
    const results = await this.acceptance.accept(
      inputs.map((input: unknown, index) => ({
        source,
        input,
        index,
        ...(idempotencyKey !== undefined && { idempotencyKey }),
      })),
      repeatable('batch', source, idempotencyKey, inputs),
    );
    return answersFor(results);
  }

  @Get(':feedbackId')
  @ForConnectors()
  @ForPeople('agent', 'manager', 'admin')
  async read(@Param('feedbackId') feedbackId: string, @CurrentPrincipal() principal: Principal): Promise<FeedbackView> {
    if (!uuid.test(feedbackId)) throw new Problem('not-found', 'There is no such feedback.');
    return this.ledger.feedback(feedbackId.toLowerCase(), principal);
  }

  /** Where it has been, with times, attempts and offsets. */
  @Get(':feedbackId/trace')
  @ForConnectors()
  @ForPeople('manager', 'admin')
  async trace(@Param('feedbackId') feedbackId: string, @CurrentPrincipal() principal: Principal): Promise<TraceView> {
    if (!uuid.test(feedbackId)) throw new Problem('not-found', 'There is no such feedback.');
    return this.traces.trace(feedbackId.toLowerCase(), principal);
  }
}

/** Equal JSON is the same request, however its text is laid out; the same key on the other route is another request. */
const repeatable = (
  route: string,
  source: string,
  key: string | undefined,
  body: unknown,
): RepeatableRequest | undefined =>
  key === undefined ? undefined : { source, key, fingerprint: sha256(`${route} ${JSON.stringify(body)}`) };
