import { HttpException } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';

import { isStoreUnavailable, sqlStateOf } from './connection-failure.js';
import { Problem, type ProblemCode, type ProblemDocument } from './problem.js';

export interface ProblemResponse {
  status: number;
  headers: Readonly<Record<string, string>>;
  document: ProblemDocument;
  /** What the log is to say; absent for refusals that are the caller's affair. */
  log?: { level: 'error' | 'warn'; message: string; stack?: string };
}

/** Statuses of Nest's and Fastify's own errors that mean the same as one of our codes. */
const CODE_OF_STATUS: Readonly<Record<number, ProblemCode>> = {
  400: 'invalid',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
  413: 'too-large',
  429: 'rate-limited',
};

/** Seconds after which a sender may try again when the store is away. */
const RETRY_AFTER = '2';

/**
 * The problem document of anything that was thrown. Refusals are told as they are; a store that cannot be reached is 503; all else
 * is a 500 that names a reference for the log and nothing of the inside.
 */
export function problemOf(error: unknown): ProblemResponse {
  if (error instanceof Problem) return answer(error);
  if (error instanceof StatusProblem)
    return { status: error.status, headers: error.headers, document: blank(error.status, error.message) };
  const status = statusOf(error);
  if (status !== undefined && status < 500) {
    const message = messageOf(error, status);
    const code = CODE_OF_STATUS[status];
    if (code === undefined) return { status, headers: {}, document: blank(status, message) };
    const errors = code === 'invalid' ? { errors: [{ pointer: '', rule: 'request', message }] } : {};
    return answer(new Problem(code, message, errors));
  }
  if (isStoreUnavailable(error)) {
    const problem = new Problem(
      'store-unavailable',
      'The store cannot be reached at the moment. Nothing was done; try again.',
      {
        headers: { 'retry-after': RETRY_AFTER },
      },
    );
    return { ...answer(problem), log: { level: 'warn', message: `store unavailable: ${describeError(error)}` } };
  }
  if (error instanceof HttpException && (status === 501 || status === 503)) {
    return { status, headers: {}, document: blank(status, error.message) };
  }
  const reference = randomUUID();
  return {
    status: 500,
    headers: {},
    document: {
      ...blank(500, 'Something went wrong on our side; the log tells more under this reference.'),
      instance: `urn:uuid:${reference}`,
      reference,
    },
    log: { level: 'error', message: `reference ${reference}: ${describeError(error)}`, stack: framesOf(error) },
  };
}

/** A refusal in HTTP's own terms (405, 408, 415) that has no code of ours. */
export class StatusProblem extends Error {
  constructor(
    readonly status: number,
    detail: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
    this.name = 'StatusProblem';
  }
}

/** A problem that has no code of ours: `about:blank`, title as RFC 9110 has it. */
export function blank(status: number, detail?: string): ProblemDocument {
  const title = STATUS_CODES[status] ?? 'Error';
  return { type: 'about:blank', title, status, ...(detail === undefined ? {} : { detail }) };
}

/**
 * An error in words for the log. Messages of database errors may quote a customer's text, so of those only the SQLSTATE and the names of
 * table, column and constraint are told.
 */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return `thrown: ${typeof error}`;
  const state = sqlStateOf(error);
  if (state === undefined && !('driverError' in error)) {
    // V8's own messages about text that cannot be parsed quote it.
    return error.name === 'SyntaxError' ? error.name : `${error.name}: ${error.message}`;
  }
  const source = ('driverError' in error ? error.driverError : error) as Record<string, unknown>;
  const names = ['schema', 'table', 'column', 'constraint', 'routine', 'code']
    .filter((name) => typeof source[name] === 'string')
    .map((name) => `${name} ${String(source[name])}`);
  return [`${error.name}${state === undefined ? '' : ` SQLSTATE ${state}`}`, ...names].join(', ');
}

function answer(problem: Problem): ProblemResponse {
  return { status: problem.status, headers: problem.headers, document: problem.document() };
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  if (typeof error !== 'object' || error === null || !('statusCode' in error) || !('code' in error)) return undefined;
  // Fastify's errors; a status of other libraries' errors is not meant for our callers.
  const { statusCode, code } = error;
  return typeof statusCode === 'number' && typeof code === 'string' && code.startsWith('FST_') ? statusCode : undefined;
}

function messageOf(error: unknown, status: number): string {
  if (error instanceof HttpException) {
    const response = error.getResponse();
    const message = typeof response === 'object' && 'message' in response ? response.message : response;
    if (Array.isArray(message)) return message.join('; ');
    if (typeof message === 'string') return message;
  }
  return error instanceof Error ? error.message : (STATUS_CODES[status] ?? 'Error');
}

/** The stack without the message above it, which may quote what must not be logged. */
export function framesOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.stack === undefined) return undefined;
  const frames = error.stack.split('\n').filter((line) => /^\s+at /.test(line));
  return frames.length === 0 ? undefined : frames.join('\n');
}
