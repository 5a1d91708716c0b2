import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';

/** A place in a W3C trace: ids in lower-case hex. */
export interface Trace {
  /** 32 hex digits, the same for all that one request sets off. */
  traceId: string;
  /** 16 hex digits: this step. */
  spanId: string;
  /** 16 hex digits: the step that caused this one; undefined where the trace begins. */
  parentSpanId: string | undefined;
  /** Whether the trace is told of to whoever collects traces. */
  sampled: boolean;
  /** The header that goes on with what this request causes, `00-<trace>-<span>-<flags>`. */
  traceparent: string;
}

/** Whether a trace is told of. `parent` is what the step before has decided; undefined where the trace begins. */
export type Sampler = (traceId: string, parent: boolean | undefined) => boolean;

const storage = new AsyncLocalStorage<Trace>();
/** No version is `ff`, no id is all zeros; only a version after 00 has more behind the flags. */
const TRACEPARENT =
  /^(?:00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$|(?!00|ff)[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$)/;
const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);

const isUsable = (header: string): boolean =>
  TRACEPARENT.test(header) && !header.startsWith(NO_TRACE, 3) && !header.startsWith(NO_SPAN, 36);

/** Where nobody collects traces here, those who do elsewhere are not kept from it. */
const undecided: Sampler = (_traceId, parent) => parent ?? true;

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
const randomTraceId = (): string => randomUUID().replaceAll('-', '');

/** 16 hex digits, of those of a UUID that are all random. */
function randomSpanId(): string {
  const uuid = randomUUID();
  return uuid.slice(24) + uuid.slice(0, 4);
}

/**
 * Goes on with the trace of an incoming `traceparent` as a new step, or begins a trace where there is none or it is malformed (W3C
 * Trace Context, level 1).
 */
export function traceOf(header: string | undefined, sampler: Sampler = undecided): Trace {
  const given = header !== undefined && isUsable(header);
  const traceId = given ? header.slice(3, 35) : randomTraceId();
  const spanId = randomSpanId();
  const sampled = sampler(traceId, given ? (Number.parseInt(header.slice(53, 55), 16) & 1) === 1 : undefined);
  return {
    traceId,
    spanId,
    parentSpanId: given ? header.slice(36, 52) : undefined,
    sampled,
    traceparent: `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`,
  };
}
