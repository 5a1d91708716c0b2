import { SetMetadata } from '@nestjs/common';

/** Bytes of a body, unpacked, where the route says nothing else. */
export const DEFAULT_MAX_BODY_BYTES = 1024 * 1024;

export interface BodyLimit {
  /** Bytes, of the body as sent and as unpacked; past it the answer is 413. Default 1 MiB. */
  maxBytes?: number;
}

/** What a route takes as its body; see the decorators. */
export interface BodyRule {
  as: 'json' | 'bytes' | 'form' | 'stream';
  maxBytes?: number;
  /** Lower-case media types without parameters; undefined = any. */
  mediaTypes?: readonly string[];
}

const formMediaType = 'application/x-www-form-urlencoded';

export const BODY_RULE = 'closeloop:body';

/** `@Body()` is the parsed JSON (`application/json` or any `+json`), undefined when nothing was sent. What a route without a decorator takes; this one sets the bound. */
export const AcceptsJson = (limit: BodyLimit = {}) =>
  SetMetadata(BODY_RULE, { as: 'json', ...limit } satisfies BodyRule);

/** `@Body()` is a Buffer of the bytes as sent, unpacked only where Content-Encoding says so (signatures are made over these). */
export const AcceptsBytes = (options: BodyLimit & { mediaTypes?: readonly string[] } = {}) =>
  SetMetadata(BODY_RULE, { as: 'bytes', ...options } satisfies BodyRule);

/**
 * `@Body()` is a record of texts by the names of the fields (`application/x-www-form-urlencoded`, as pages without scripts
 * send it); empty when nothing was sent.
 */
export const AcceptsForm = (limit: BodyLimit = {}) =>
  SetMetadata(BODY_RULE, { as: 'form', mediaTypes: [formMediaType], ...limit } satisfies BodyRule);

/**
 * `@Body()` is an unconsumed Readable of bytes, unpacked where Content-Encoding says so; no bound unless `maxBytes` says one.
 * It ends with a Problem (`too-large`, `invalid` with rule `encoding`) or with an Error when the sender goes away before the end.
 */
export const AcceptsStream = (options: { mediaTypes: readonly string[] } & BodyLimit) =>
  SetMetadata(BODY_RULE, { as: 'stream', ...options } satisfies BodyRule);
