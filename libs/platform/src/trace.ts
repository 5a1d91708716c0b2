import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';

/** A place in a W3C trace: ids in lower-case hex. */
export interface Trace {
  /** 32 hex digits, the same for all that one request sets off. */
  traceId: string;
  /** The header that goes on with what this request causes, `00-<trace>-<span>-<flags>`. */
  traceparent: string;
}

const storage = new AsyncLocalStorage<Trace>();
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** The trace of the request being handled; undefined outside of one. */
export function currentTrace(): Trace | undefined {
  return storage.getStore();
}

/** The `traceparent` of the request being handled, to be put into the headers of what it causes. */
export function currentTraceparent(): string | undefined {
  return storage.getStore()?.traceparent;
}

/** Runs `work` as part of the trace. */
export function withTrace<T>(trace: Trace, work: () => T): T {
  return storage.run(trace, work);
}

/** 32 hex digits. A UUID without its dashes: Node draws those from a pool, which costs a tenth of `randomBytes`. */
function randomHex(): string {
  return randomUUID().replaceAll('-', '');
}

/** Goes on with the trace of an incoming `traceparent`, or begins one where there is none or it is malformed (W3C Trace Context, level 1). */
export function traceOf(header: string | undefined): Trace {
  const match = header === undefined ? null : TRACEPARENT.exec(header);
  const [, version, givenTrace, parent, givenFlags, rest] = match ?? [];
  const usable =
    version !== undefined &&
    version !== 'ff' &&
    !(version === '00' && rest !== undefined) &&
    !/^0+$/.test(givenTrace ?? '0') &&
    !/^0+$/.test(parent ?? '0');
  const traceId = usable && givenTrace !== undefined ? givenTrace : randomHex();
  const flags = usable && givenFlags !== undefined ? givenFlags : '01';
  return { traceId, traceparent: `00-${traceId}-${randomHex().slice(16)}-${flags}` };
}
