import { describe, expect, it } from '@jest/globals';
import {
  BadRequestException,
  ConflictException,
  InternalServerErrorException,
  NotFoundException,
} from '@nestjs/common';
import { QueryFailedError } from 'typeorm';

import { isConnectionFailure } from './connection-failure.js';
import { describeError, problemOf } from './problem-mapping.js';
import { Problem, type ProblemCode } from './problem.js';

/** As pg throws them: an Error with a code and a severity. */
const databaseError = (code: string, message = 'from the server', rest: object = {}) =>
  Object.assign(new Error(message), { code, severity: 'ERROR' }, rest);
const failedQuery = (cause: Error) => new QueryFailedError('insert into author …', ['Jane Doe'], cause);

describe('a problem', () => {
  // contracts.md, "Accepting": the codes and their statuses.
  it.each<[ProblemCode, number]>([
    ['invalid', 400],
    ['unauthenticated', 401],
    ['forbidden', 403],
    ['not-found', 404],
    ['version-conflict', 409],
    ['too-large', 413],
    ['transition-refused', 422],
    ['if-match-missing', 428],
    ['rate-limited', 429],
    ['backlog-full', 503],
    ['store-unavailable', 503],
  ])('%s is answered with %i', (code, status) => {
    const answer = problemOf(new Problem(code, 'why'));
    expect(answer.status).toBe(status);
    expect(answer.document).toMatchObject({ type: `urn:closeloop:${code}`, status, detail: 'why' });
    expect(answer.log).toBeUndefined();
  });

  it('tells its errors and further members, and sends its headers', () => {
    const errors = [{ pointer: '/rating/value', rule: 'max', message: 'is above the scale' }];
    const answer = problemOf(
      new Problem('version-conflict', 'why', { errors, state: 'resolved', headers: { etag: '"4"' } }),
    );
    expect(answer.document).toEqual({
      type: 'urn:closeloop:version-conflict',
      title: 'It was changed in the meantime',
      status: 409,
      detail: 'why',
      errors,
      state: 'resolved',
    });
    expect(answer.headers).toEqual({ etag: '"4"' });
  });
});

describe("Nest's own exceptions", () => {
  it('are told by the code that means the same', () => {
    expect(problemOf(new NotFoundException('no loop')).document).toMatchObject({
      type: 'urn:closeloop:not-found',
      detail: 'no loop',
    });
    expect(problemOf(new BadRequestException('uuid is expected')).document).toMatchObject({
      type: 'urn:closeloop:invalid',
      errors: [{ pointer: '', rule: 'request', message: 'uuid is expected' }],
    });
  });
  it('have no type of ours where none means the same', () => {
    expect(problemOf(new ConflictException('twice')).document).toEqual({
      type: 'about:blank',
      title: 'Conflict',
      status: 409,
      detail: 'twice',
    });
  });
  it('tell nothing of the inside when they are a 500', () => {
    expect(JSON.stringify(problemOf(new InternalServerErrorException('secret')).document)).not.toContain('secret');
  });
});

describe('an error that is nobody’s refusal', () => {
  it('is a 500 with a reference that the log has too, and nothing of the inside', () => {
    const { status, document, log } = problemOf(new TypeError('x.secret is not a function'));
    expect(status).toBe(500);
    expect(document.type).toBe('about:blank');
    expect(JSON.stringify(document)).not.toContain('secret');
    expect(log?.message).toContain(String(document.reference));
    expect(log?.message).toContain('x.secret is not a function');
  });

  it('does not bring a customer’s words from the database into the log', () => {
    const error = failedQuery(
      databaseError('22P02', 'invalid input syntax for type integer: "Jane Doe"', {
        table: 'author',
        column: 'age',
        detail: 'Key (name)=(Jane Doe)',
      }),
    );
    const { log } = problemOf(error);
    expect(log?.message).toContain('SQLSTATE 22P02');
    expect(log?.message).toContain('table author');
    expect(`${log?.message} ${log?.stack}`).not.toContain('Jane');
    expect(describeError(databaseError('23505', 'Jane'))).not.toContain('Jane');
  });

  it.each(['08006', '57P01', '57P03', '53300', '25006', '40P01', '57014'])(
    'is 503 with Retry-After when Postgres says %s',
    (state) => {
      const { status, document, headers } = problemOf(failedQuery(databaseError(state)));
      expect(status).toBe(503);
      expect(document.type).toBe('urn:closeloop:store-unavailable');
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    },
  );
});

describe('a connection failure', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  it.each<[string, unknown]>([
    ['as it comes', refused],
    ['as a cause', new Error('outer', { cause: new Error('middle', { cause: refused }) })],
    ['as one of several addresses that were tried', new AggregateError([refused])],
    ['inside TypeORM’s error', failedQuery(new Error('Connection terminated unexpectedly'))],
    ['of the pool', new Error('timeout exceeded when trying to connect')],
  ])('is known %s', (_name, error) => {
    expect(isConnectionFailure(error)).toBe(true);
  });

  it.each<[string, unknown]>([
    ['a unique key', failedQuery(databaseError('23505'))],
    ['a bad value', databaseError('22P02')],
    ['a bug', new TypeError('undefined is not a function')],
    ['a value that is no error', 'ECONNREFUSED'],
    ['nothing', undefined],
  ])('is not %s', (_name, error) => {
    expect(isConnectionFailure(error)).toBe(false);
  });

  it('bears causes that go in a circle', () => {
    const a = new Error('a');
    a.cause = new Error('b', { cause: a });
    expect(isConnectionFailure(a)).toBe(false);
  });

  it('is not described by what a parser quotes of the text', () => {
    let error: unknown;
    try {
      JSON.parse('{"text": Quitten');
    } catch (thrown) {
      error = thrown;
    }
    expect((error as Error).message).toContain('Quitten');
    expect(describeError(error)).toBe('SyntaxError');
  });
});
