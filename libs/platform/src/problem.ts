/** What is wrong with one place of the input: RFC 6901 pointer, name of the rule, message for people. */
export interface ProblemError {
  pointer: string;
  rule: string;
  message: string;
}

const PROBLEMS = {
  invalid: { status: 400, title: 'The request is not valid' },
  unauthenticated: { status: 401, title: 'Who is asking is not known' },
  forbidden: { status: 403, title: 'This is not allowed' },
  'not-found': { status: 404, title: 'There is no such thing' },
  'version-conflict': { status: 409, title: 'It was changed in the meantime' },
  'too-large': { status: 413, title: 'The request is too large' },
  'transition-refused': { status: 422, title: 'The state does not allow this' },
  'if-match-missing': { status: 428, title: 'The expected version is missing' },
  'rate-limited': { status: 429, title: 'Too many requests' },
  'backlog-full': { status: 503, title: 'The backlog is full' },
  'bad-gateway': { status: 502, title: 'The service behind this cannot be reached' },
  'store-unavailable': { status: 503, title: 'The store cannot be reached' },
  'gateway-timeout': { status: 504, title: 'The service behind this is late' },
} as const;

/** The last part of a problem's `type`, `urn:closeloop:<code>`; each has one HTTP status. */
export type ProblemCode = keyof typeof PROBLEMS;

/** An RFC 9457 problem document. */
export interface ProblemDocument {
  type: string;
  title: string;
  status: number;
  detail?: string;
  instance?: string;
  errors?: readonly ProblemError[];
  [member: string]: unknown;
}

export interface ProblemExtra {
  errors?: readonly ProblemError[];
  headers?: Readonly<Record<string, string>>;
  cause?: unknown;
  [member: string]: unknown;
}

/**
 * A refusal that the caller is told about: thrown anywhere below a controller, answered as `application/problem+json`.
 * `detail` and every extra member but `headers` and `cause` are sent.
 */
export class Problem extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly errors: readonly ProblemError[] | undefined;
  readonly #members: Record<string, unknown>;

  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    extra: ProblemExtra = {},
  ) {
    const { errors, headers, cause, ...members } = extra;
    super(detail, cause === undefined ? undefined : { cause });
    this.name = 'Problem';
    this.status = PROBLEMS[code].status;
    this.headers = headers ?? {};
    this.errors = errors ?? (code === 'invalid' ? [] : undefined);
    this.#members = members;
  }

  /** The body that is sent. */
  document(): ProblemDocument {
    return {
      type: `urn:closeloop:${this.code}`,
      title: PROBLEMS[this.code].title,
      status: this.status,
      detail: this.detail,
      ...(this.errors === undefined ? {} : { errors: this.errors }),
      ...this.#members,
    };
  }
}

/** One wrong place of the input as a problem. */
export function invalid(pointer: string, rule: string, message: string): Problem {
  return new Problem('invalid', message, { errors: [{ pointer, rule, message }] });
}
