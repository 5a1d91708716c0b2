import { isConnectionFailure, sqlStateOf } from '@closeloop/platform';

/** An error of our own code that is no fault of an event. */
export abstract class NotTheEvents extends Error {}

/**
 * Thrown by an effect handler when there is no room for what it would cause (see `Outbox.assertRoom`): the partition pauses, and the
 * batch comes again, in order, when it has waited. It is no fault: the service stays ready.
 */
export class BackPressure extends NotTheEvents {
  override readonly name = 'BackPressure';
}

/** Thrown about one event: handling it again fails again. What a handler can say beforehand, it says by its outcome. */
export class EventError extends Error {
  override readonly name: string = 'EventError';
}

/** JavaScript's own kinds of errors for a mistake in code; by name, because each realm has its own classes. */
const mistakes = new Set([
  'EventError',
  'EventTooLarge',
  'TypeError',
  'RangeError',
  'SyntaxError',
  'ReferenceError',
  'URIError',
  'EvalError',
]);

/**
 * Whether a thrown error is about the one event that was handled, so that handling it again fails again: SQLSTATE classes 22 and 23,
 * and what our own code throws without I/O. Everything else, the unknown included, may be the world's fault, and passes.
 */
export function isEventsOwn(error: unknown): boolean {
  const chain = chainOf(error);
  if (isConnectionFailure(error) || chain.some(isFromKafka) || chain.some((link) => link instanceof NotTheEvents)) {
    return false;
  }
  const sqlState = sqlStateOf(error);
  if (sqlState !== undefined) return /^2[23]/.test(sqlState);
  return chain.length > 0 && chain.every(isOwnCode);
}

const isFromKafka = ({ name }: Error): boolean => name.startsWith('KafkaJS');

function isOwnCode(error: Error): boolean {
  const { code, errno, syscall } = error as NodeJS.ErrnoException;
  if (errno !== undefined || syscall !== undefined) return false;
  // Node marks a wrong argument so; its other codes tell of sockets, streams and files.
  if (code !== undefined && !/^ERR_(INVALID_|OUT_OF_RANGE|MISSING_ARGS)/.test(String(code))) return false;
  if (mistakes.has(error.name)) return true;
  return isThrownByOurCode(error);
}

/** A library says "the connection is gone" with a plain Error too; only where it was made tells it from our own. */
function isThrownByOurCode({ stack }: Error): boolean {
  const top = stack?.split('\n').find((line) => /^\s+at /.test(line));
  return top !== undefined && /[\\/]/.test(top) && !/[\\/]node_modules[\\/]|node:/.test(top);
}

/** The error and what it was caused by; empty when what was thrown is no error. */
function chainOf(error: unknown): Error[] {
  const chain: Error[] = [];
  for (let link = error; isError(link) && !chain.includes(link) && chain.length < 20; link = link.cause)
    chain.push(link);
  return chain;
}

// Not instanceof: an error of another realm is one too.
const isError = (value: unknown): value is Error =>
  typeof value === 'object' &&
  value !== null &&
  'message' in value &&
  'name' in value &&
  typeof value.name === 'string';
