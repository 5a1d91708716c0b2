import { AcceptsBytes, Public } from '@closeloop/platform';
import { Body, Controller, Headers, Param, Post, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { AcceptFeedback } from '../application/accept-feedback.js';
import { RateLimit } from '../application/rate-limit.js';
import { ReceiveWebhook } from '../application/receive-webhook.handler.js';
import { answerFor, answersFor } from './acceptance-answer.js';
import { atMost } from './request-body.js';

/** Most bytes of a webhook's payload. */
const maxWebhookBytes = 4 * 1024 * 1024;
/** Most feedback in one payload. */
const maxWebhookEvents = 1000;

@Controller('v1/webhooks')
export class WebhooksController {
  constructor(
    private readonly receiver: ReceiveWebhook,
    private readonly acceptance: AcceptFeedback,
    private readonly rateLimit: RateLimit,
  ) {}

  /** Public for the guard: the signature says who it is. */
  @Post(':connector')
  @Public()
  @AcceptsBytes({ maxBytes: maxWebhookBytes })
  async receive(
    @Param('connector') connector: string,
    @Headers('webhook-id') id: string | undefined,
    @Headers('webhook-timestamp') timestamp: string | undefined,
    @Headers('webhook-signature') signatures: string | undefined,
    @Body() bytes: Buffer | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const body = bytes ?? Buffer.alloc(0);
    const { source, payload, request } = await this.receiver.receive(
      connector,
      { id, timestamp, signatures, body },
      new Date(),
    );
    const inputs = 'many' in payload ? payload.many : [payload.one];
    atMost(maxWebhookEvents, inputs);
    reply.headers(this.rateLimit.take({ kind: 'webhook', name: connector }, inputs.length));
    const submissions = inputs.map((input, index) => ({ source, input, idempotencyKey: request.key, index }));
    const results = await this.acceptance.accept(submissions, request);
    if ('many' in payload) {
      reply.code(200);
      return answersFor(results);
    }
    const { status, body: answer } = answerFor(results[0]!);
    reply.code(status);
    return answer;
  }
}
