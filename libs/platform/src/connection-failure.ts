const SOCKET_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ERR_SOCKET_CLOSED',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
]);

/** SQLSTATEs that say that the server, not the statement, is the trouble: it goes, comes, or is a standby after a failover. */
const SERVER_STATES = new Set(['57P01', '57P02', '57P03', '57P05', '25P03', '25P04', '25006']);

/** pg, pg-pool and TypeORM say these without a code. */
const MESSAGES = [
  'Connection terminated',
  'Client has encountered a connection error',
  'Client was closed and is not queryable',
  'timeout exceeded when trying to connect',
  'timeout expired',
  'Cannot use a pool after calling end on the pool',
  'Query read timeout',
  'Driver not Connected',
  'Connection is not established',
  // TypeORM itself gives back a connection that broke between two statements, and tells the next statement only this.
  'Query runner already released',
  'Database connection provided by a query runner was already released',
];

/**
 * Whether the error, or anything it was caused by, says that a server could not be reached or stopped answering: the same call
 * may succeed later. SQLSTATE classes 08 (connection) and 53 (out of connections, disk or memory) count; errors about the data do not.
 */
export function isConnectionFailure(error: unknown): boolean {
  return causesOf(error).some(isOneConnectionFailure);
}

/** As {@link isConnectionFailure}, and also what a busy store says: deadlock, serialization failure, lock or statement time-out. */
export function isStoreUnavailable(error: unknown): boolean {
  return causesOf(error).some(
    (cause) => isOneConnectionFailure(cause) || ['40001', '40P01', '55P03', '57014'].includes(codeOf(cause) ?? ''),
  );
}

/** The SQLSTATE of a database error, looked for through its causes; undefined when it is none. */
export function sqlStateOf(error: unknown): string | undefined {
  for (const cause of causesOf(error)) {
    const code = codeOf(cause);
    // Node's own codes may have five letters too (EPIPE); only Postgres' errors carry a severity.
    if (code !== undefined && /^[0-9A-Z]{5}$/.test(code) && 'severity' in cause) return code;
  }
  return undefined;
}

function isOneConnectionFailure(error: object): boolean {
  const code = codeOf(error);
  if (code !== undefined) {
    if (SOCKET_CODES.has(code) || SERVER_STATES.has(code)) return true;
    if (/^(08|53)[0-9A-Z]{3}$/.test(code)) return true;
  }
  const message = 'message' in error && typeof error.message === 'string' ? error.message : '';
  return MESSAGES.some((known) => message.includes(known));
}

function codeOf(error: object): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** The error and all that it wraps: `cause`, TypeORM's `driverError`, an AggregateError's `errors`. */
function causesOf(error: unknown): object[] {
  const found = new Set<object>();
  const open: unknown[] = [error];
  while (open.length > 0 && found.size < 50) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null || found.has(next)) continue;
    found.add(next);
    if ('cause' in next) open.push(next.cause);
    if ('driverError' in next) open.push(next.driverError);
    if ('errors' in next && Array.isArray(next.errors)) open.push(...(next.errors as unknown[]));
  }
  return [...found];
}
