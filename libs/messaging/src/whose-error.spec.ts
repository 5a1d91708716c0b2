import { describe, expect, it } from '@jest/globals';
import { FenceLost, WrongOutcomes } from './batch.js';
import { NotAcknowledged } from './batch-producer.js';
import { BackPressure, EventError, isEventsOwn } from './whose-error.js';

const coded = (name: string, message: string, members: object) =>
  Object.assign(new Error(message), { name, ...members });
const sql = (code: string) => {
  const driverError = coded('error', 'refused', { code, severity: 'ERROR', routine: 'r' });
  return coded('QueryFailedError', 'refused', { driverError, code });
};
const elsewhere = (error: Error, top: string) => {
  error.stack = `${error.name}: ${error.message}\n    at x (${top})\n    at y (/app/services/loop/dist/main.js:1:1)`;
  return error;
};

describe('whose error it is', () => {
  const own: Record<string, unknown> = {
    'a number that is too large for its column': sql('22003'),
    'text that is no JSON': sql('22P02'),
    'NUL in text': sql('22021'),
    'a missing value': sql('23502'),
    'a key that is there already': sql('23505'),
    'a mistake in our code': new TypeError('x is undefined'),
    'JSON that is none': new SyntaxError('Unexpected token'),
    'recursion without end': new RangeError('Maximum call stack size exceeded'),
    'what our own code throws': new Error('this cannot be'),
    'what a handler says of the event': new EventError('nonsense'),
    'a wrong argument for Node': coded('TypeError', 'must be a string', { code: 'ERR_INVALID_ARG_TYPE' }),
    'our own, caused by our own': new Error('outer', { cause: new TypeError('inner') }),
  };
  it.each(Object.entries(own))('the event’s: %s', (_what, error) => expect(isEventsOwn(error)).toBe(true));

  const refused = coded('Error', 'connect ECONNREFUSED', { code: 'ECONNREFUSED', errno: -111, syscall: 'connect' });
  const worlds: Record<string, unknown> = {
    'a server that refuses': refused,
    'a fetch that failed, as undici says it': new TypeError('fetch failed', { cause: refused }),
    'pg’s lost connection, which has no code': new Error('Connection terminated unexpectedly'),
    'the fence’s own time-out': sql('25P03'),
    'a lock that was not given': sql('55P03'),
    'a deadlock': sql('40P01'),
    'a table that is not there': sql('42P01'),
    'a full disk': sql('53100'),
    'a shutdown': sql('57P01'),
    'kafkajs, which calls itself not retriable': coded('KafkaJSNumberOfRetriesExceeded', 'x', { retriable: false }),
    'a refusal caused by something deeper': new Error('a', { cause: new Error('b', { cause: refused }) }),
    'a missing file': coded('Error', 'ENOENT', { code: 'ENOENT', errno: -2, syscall: 'open' }),
    'a library’s own word': elsewhere(new Error('odd'), '/app/node_modules/pg/lib/client.js:1:1'),
    'Node’s own word': elsewhere(new Error('odd'), 'node:internal/streams:1:1'),
    'an abort': coded('AbortError', 'aborted', { code: 'ABORT_ERR' }),
    'an error without a place': coded('Error', 'odd', { stack: undefined }),
    'what is no error': 'thrown text',
    nothing: undefined,
    'no room': new BackPressure('full'),
    'a fence that was lost': new FenceLost('at 7'),
    'outcomes that do not fit': new WrongOutcomes('3 for 4'),
    'an acknowledgement that did not come': new NotAcknowledged('none'),
  };
  it.each(Object.entries(worlds))('not the event’s: %s', (_what, error) => expect(isEventsOwn(error)).toBe(false));
});
