import { feedbackInbound, sha256, type Violation } from '@closeloop/contracts';
import { AcceptsJson, CurrentPrincipal, ForConnectors, parseJson, type Principal, Problem } from '@closeloop/platform';
import { Body, Controller, Headers, Post, Res } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { AcceptFeedback, type Submission } from '../application/accept-feedback.js';
import { RateLimit } from '../application/rate-limit.js';
import { attributesOf, isCloudEvent, isJsonType, readCloudEvent } from '../domain/cloud-event.js';
import { answerFor, answersFor } from './acceptance-answer.js';
import { connectorOf } from './connector.js';
import { atMost } from './request-body.js';

/** Most bytes of a request with events. */
const maxEventsBytes = 16 * 1024 * 1024;
/** Most events in one batch. */
const maxEvents = 1000;

const structured = 'application/cloudevents+json';
const batched = 'application/cloudevents-batch+json';

/** CloudEvents 1.0 over HTTP, in its three modes. */
@Controller('v1/events')
export class EventsController {
  constructor(
    private readonly acceptance: AcceptFeedback,
    private readonly rateLimit: RateLimit,
  ) {}

  @Post()
  @ForConnectors()
  @AcceptsJson({ maxBytes: maxEventsBytes })
  async receive(
    @Body() body: unknown,
    @Headers() headers: Record<string, string | undefined>,
    @CurrentPrincipal() principal: Principal,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const connector = connectorOf(principal);
    const mediaType = headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? '';
    const events = eventsIn(mediaType, body, headers);
    reply.headers(this.rateLimit.take(connector, events.length));
    const submissions = events.map((event, index) => submissionOf(event, index, connector.source));
    const results = await this.acceptance.accept(submissions);
    if (mediaType === batched) {
      reply.code(200);
      return answersFor(results);
    }
    const { status, body: answer } = answerFor(results[0]!);
    reply.code(status);
    return answer;
  }
}

/** The events of a request, in the JSON format, whatever mode they came in. */
function eventsIn(mediaType: string, body: unknown, headers: Record<string, string | undefined>): readonly unknown[] {
  switch (mediaType) {
    case structured:
      return [body];
    case batched: {
      if (!Array.isArray(body)) throw notValid({ pointer: '', rule: 'isArray', message: 'a batch must be an array' });
      atMost(maxEvents, body);
      return body;
    }
    default:
      return [{ ...attributesOf(headers), data: body }];
  }
}

/** An event of another type, or one that is none, becomes a submission that is rejected and counted. */
function submissionOf(value: unknown, index: number, source: string): Submission {
  const refused = (...unreadable: readonly Violation[]): Submission => ({
    source,
    input: undefined,
    index,
    unreadable,
  });
  const event = readCloudEvent(value);
  if (!isCloudEvent(event)) return refused(...event);
  if (event.type !== feedbackInbound.topic) {
    const told = event.type.slice(0, 100);
    const message = `type must be ${feedbackInbound.topic}; ${told} is not known here`;
    return refused({ pointer: '/type', rule: 'eventType', message });
  }
  if (event.dataContentType !== undefined && !isJsonType(event.dataContentType)) {
    return refused({ pointer: '/datacontenttype', rule: 'cloudEvent', message: 'datacontenttype must be JSON' });
  }
  const of = {
    source,
    // without an externalId, the event's own identity is the feedback's
    idempotencyKey: `cloudevent:${sha256(JSON.stringify([event.source, event.id]))}`,
    index: 0,
  };
  if (event.dataBase64 === undefined) return { ...of, input: event.data };
  try {
    return { ...of, input: parseJson(Buffer.from(event.dataBase64, 'base64')) };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return refused(...(error.errors ?? []).map((one) => ({ ...one, pointer: `/data_base64${one.pointer}` })));
  }
}

const notValid = (violation: Violation): Problem =>
  new Problem('invalid', 'The events cannot be read.', { errors: [violation] });
