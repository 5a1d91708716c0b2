/** What is wrong with one place of what was sent. */
export interface ProblemError {
  readonly pointer: string;
  readonly rule: string;
  readonly message: string;
}

/** A refusal of a service, as its problem document says (RFC 9457). */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';

  constructor(
    readonly status: number,
    /** Last part of the type, such as `version-conflict`; empty where it has none */
    readonly code: string,
    message: string,
    readonly errors: readonly ProblemError[],
    /** All that the document says */
    readonly members: Readonly<Record<string, unknown>>,
    readonly retryAfterSeconds: number | undefined,
  ) {
    super(message);
  }

  /** Whether the same again may do: something behind it is away, late, or busy. */
  get isPassing(): boolean {
    return [0, 429, 502, 503, 504].includes(this.status);
  }
}

/** What an answer that is none of success says, whatever it is. */
export function problemOf(status: number, body: unknown, retryAfter: string | null = null): ApiProblem {
  const members = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  const { type, title, detail, errors } = members;
  const seconds = Number(retryAfter ?? Number.NaN);
  return new ApiProblem(
    status,
    typeof type === 'string' && type.startsWith('urn:closeloop:') ? type.slice('urn:closeloop:'.length) : '',
    [detail, title].find((text): text is string => typeof text === 'string') ?? `HTTP ${status}`,
    Array.isArray(errors) ? (errors as ProblemError[]) : [],
    members,
    Number.isFinite(seconds) ? seconds : undefined,
  );
}
