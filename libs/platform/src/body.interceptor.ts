import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type FastifyReply, type FastifyRequest } from 'fastify';
import { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { type Observable } from 'rxjs';

import { BODY_RULE, type BodyRule, DEFAULT_MAX_BODY_BYTES } from './body.js';
import { BodyRoom, type BodyShare } from './body-room.js';
import { parseForm } from './form.js';
import { HttpConfig } from './http.config.js';
import { parseJson } from './json.js';
import { StatusProblem } from './problem-mapping.js';
import { invalid, Problem } from './problem.js';

/** The sender closed the connection before its body was complete; nobody is there to be answered. */
export class SenderGone extends Error {
  constructor() {
    super('The sender went away before the end of the body.');
    this.name = 'SenderGone';
  }
}

/**
 * Reads the body after the guards have let the request in, so that nobody unknown makes us unpack or parse anything.
 * Fastify itself hands every body over unread.
 */
@Injectable()
export class BodyInterceptor implements NestInterceptor {
  readonly #room: BodyRoom;

  constructor(
    private readonly reflector: Reflector,
    private readonly config: HttpConfig,
  ) {
    this.#room = new BodyRoom(config.bodiesBytes);
  }

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    if (context.getType() === 'http') {
      const http = context.switchToHttp();
      const request = http.getRequest<FastifyRequest>();
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        const rule = this.reflector.getAllAndOverride<BodyRule | undefined>(BODY_RULE, [
          context.getHandler(),
          context.getClass(),
        ]);
        request.body = await this.read(request, http.getResponse<FastifyReply>(), rule ?? { as: 'json' });
      }
    }
    return next.handle();
  }

  private async read(request: FastifyRequest, reply: FastifyReply, rule: BodyRule): Promise<unknown> {
    const { headers } = request;
    const announced = headers['content-length'] === undefined ? undefined : Number(headers['content-length']);
    if (headers['transfer-encoding'] === undefined && (announced === undefined || announced === 0))
      return nothing(rule);

    const mediaType = mediaTypeOf(request);
    if (
      rule.as === 'json' ? !isJson(mediaType) : rule.mediaTypes !== undefined && !rule.mediaTypes.includes(mediaType)
    ) {
      const taken = rule.as === 'json' ? ['application/json'] : (rule.mediaTypes ?? []);
      throw new StatusProblem(415, `This takes ${taken.join(', ')}, not ${mediaType || 'a body without a type'}.`, {
        accept: taken.join(', '),
      });
    }

    const maxBytes = rule.maxBytes ?? (rule.as === 'stream' ? Infinity : DEFAULT_MAX_BODY_BYTES);
    if (announced !== undefined && announced > maxBytes) throw tooLarge(maxBytes);
    const encoding = contentEncodingOf(request);
    if (rule.as === 'stream') return unpacked(request.raw, encoding, maxBytes);
    const seconds = this.config.bodyTimeoutSeconds;
    const share = await this.#room.enter(encoding === 'identity' ? announced : undefined, seconds);
    // Its sender may have gone while it waited.
    if (reply.raw.closed || request.raw.destroyed) {
      share.release();
      throw new SenderGone();
    }
    // What is made of it lives as long as it is worked on.
    reply.raw.once('close', () => share.release());
    const bytes = await collected(request.raw, encoding, { maxBytes, seconds, share });
    return rule.as === 'json' ? parseJson(bytes) : rule.as === 'form' ? parseForm(bytes) : bytes;
  }
}

/** What a handler gets when no body was sent. */
function nothing(rule: BodyRule): unknown {
  if (rule.as === 'json') return undefined;
  if (rule.as === 'form') return parseForm(Buffer.alloc(0));
  return rule.as === 'bytes' ? Buffer.alloc(0) : Readable.from([]);
}

function tooLarge(maxBytes: number): Problem {
  return new Problem('too-large', `The body is larger than ${maxBytes} bytes.`, { maxBytes });
}

function isJson(mediaType: string): boolean {
  return mediaType === 'application/json' || (mediaType.startsWith('application/') && mediaType.endsWith('+json'));
}

/** The media type, lower-case, without parameters. Refuses what is sent twice, malformed, or in another charset than UTF-8. */
function mediaTypeOf(request: FastifyRequest): string {
  const header = onlyOne(request, 'content-type');
  if (header === undefined) return '';
  const match = /^\s*([\w!#$&^.+-]+\/[\w!#$&^.+-]+)\s*(;.*)?$/.exec(header);
  if (match?.[1] === undefined) throw new StatusProblem(415, 'The Content-Type is malformed.');
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(match[2] ?? '')?.[1];
  if (charset !== undefined && !/^(utf-?8|us-ascii)$/i.test(charset)) {
    throw new StatusProblem(415, 'Text is taken as UTF-8 only.');
  }
  return match[1].toLowerCase();
}

function contentEncodingOf(request: FastifyRequest): string {
  return onlyOne(request, 'content-encoding')?.trim().toLowerCase() ?? 'identity';
}

/** Node keeps the first of two Content-Type headers and joins others; what was meant cannot be known, so two are refused. */
function onlyOne(request: FastifyRequest, name: string): string | undefined {
  const { rawHeaders } = request.raw;
  let found: string | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() !== name) continue;
    if (found !== undefined) throw new StatusProblem(415, `The header ${name} is there more than once.`);
    found = rawHeaders[i + 1];
  }
  return found;
}

/**
 * The body as a stream of its own, unpacked and bounded. Not `pipeline`: that destroys the request on an error, and with it the
 * connection that the answer is to go out by.
 */
function unpacked(source: Readable, encoding: string, maxBytes: number): Readable {
  let seen = 0;
  const bounded = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      if (seen > maxBytes) done(tooLarge(maxBytes));
      else done(null, chunk);
    },
  });
  // It may break before the handler has begun to read, which is told then; unheard, it would end the process.
  bounded.on('error', () => undefined);
  let ended = false;
  source.once('end', () => (ended = true));
  source.once('close', () => {
    if (!ended) bounded.destroy(new SenderGone());
  });
  source.once('error', () => bounded.destroy(new SenderGone()));

  const decoder = decoderOf(encoding);
  if (decoder === undefined) {
    source.pipe(bounded);
  } else {
    decoder.once('error', () => bounded.destroy(unreadable(encoding)));
    source.pipe(decoder).pipe(bounded);
  }
  bounded.once('close', () => {
    // The rest is thrown away: a connection with half a body in it would be of no more use.
    source.unpipe().resume();
    decoder?.destroy();
  });
  return bounded;
}

function unreadable(encoding: string): Problem {
  return invalid('', 'encoding', `The body is not ${encoding}, or is cut off.`);
}

function decoderOf(encoding: string): Transform | undefined {
  switch (encoding) {
    case 'identity':
      return undefined;
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    default:
      throw new StatusProblem(415, `The Content-Encoding is not one of gzip, deflate, br.`, {
        'accept-encoding': 'gzip, deflate, br',
      });
  }
}

/** The whole body, unpacked. By listeners, not by stream operators: this is on the way of every request that writes. */
function collected(
  source: Readable,
  encoding: string,
  { maxBytes, seconds, share }: { maxBytes: number; seconds: number; share: BodyShare },
): Promise<Buffer> {
  const decoder = decoderOf(encoding);
  const body = decoder === undefined ? source : source.pipe(decoder);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let ended = false;
    const timer = setTimeout(() => {
      settle(() => reject(new StatusProblem(408, `The body was not complete after ${seconds} seconds.`)));
    }, seconds * 1000);

    const take = (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) return settle(() => reject(tooLarge(maxBytes)));
      try {
        share.grewTo(size);
        chunks.push(chunk);
      } catch (error) {
        settle(() => reject(error as Error));
      }
    };
    const end = () => settle(() => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, size)));
    const gone = () => settle(() => reject(new SenderGone()));
    /** Once: what comes after the first outcome changes nothing, and the rest of the body is thrown away. */
    const settle = (outcome: () => void) => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      body.off('data', take).off('end', end);
      if (decoder === undefined) {
        source.resume();
      } else {
        source.unpipe(decoder).resume();
        decoder.destroy();
      }
      outcome();
    };

    body.on('data', take).on('end', end);
    source.on('error', gone).on('close', () => {
      // With a decoder between, the source is done before what it gave is unpacked.
      if (!source.readableEnded) gone();
    });
    decoder?.on('error', () => settle(() => reject(unreadable(encoding))));
  });
}
