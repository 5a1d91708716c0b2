import {
  canonicalJson,
  customerKeyOf,
  deriveId,
  type Feedback,
  type FeedbackContent,
  feedbackIdOf,
  FeedbackInput,
  forbiddenCharacters,
  maxEventBytes,
  propertiesOf,
  sha256,
  validatorOf,
  type FeedbackKind,
  type Violation,
} from '@closeloop/contracts';

/** A canonical feedback but for what only its acceptance knows. */
export type CanonicalContent = Omit<Feedback, 'revision' | 'receivedAt' | 'contentHash'>;

/** A valid feedback in its canonical shape, not yet judged against what is known of it. */
export interface Candidate {
  readonly feedbackId: string;
  readonly source: string;
  readonly kind: FeedbackKind;
  /** Milliseconds since 1970 */
  readonly updatedAt?: number;
  /** Lower-case hexadecimal SHA-256 of `canonical` */
  readonly contentHash: string;
  readonly content: CanonicalContent;
  /** Canonical JSON of `content` */
  readonly canonical: string;
  /** W3C trace that it came in */
  readonly traceparent?: string;
}

export interface Refusal {
  readonly errors: readonly Violation[];
}

export const isRefusal = (judged: Candidate | Refusal): judged is Refusal => 'errors' in judged;

/** Rule of a violation: the caller may not speak for that source. */
export const foreignSource = 'foreignSource';
/** Rule of a violation: the canonical event would be too long. */
export const tooLong = 'maxEventBytes';

const validate = validatorOf(FeedbackInput);

/** Bytes that revision, receivedAt and contentHash add to the event, at most. */
const bytesOfAcceptance = Buffer.byteLength(
  JSON.stringify({ revision: 2_147_483_647, receivedAt: new Date(0).toISOString(), contentHash: sha256('') }),
);

/** Of what is sent in: what is taken over as it is said, and so in the order of canonical JSON. */
const contentNames = propertiesOf(FeedbackInput)
  .filter((name) => !['source', 'externalId', 'kind', 'historic'].includes(name))
  .sort() as (keyof FeedbackContent)[];
const canonicalNames = [
  ...contentNames,
  ...(['source', 'externalId', 'kind', 'historic', 'feedbackId'] as const),
].sort();

/** null, '', [] and {} say as much as leaving a member out, and are left out, so that they make no revision. */
function withoutEmpty(value: unknown): unknown {
  if (value === null || value === undefined || value === '') return undefined;
  if (typeof value !== 'object' || (Array.isArray(value) && value.length > 0)) return value;
  return membersOf(value as Record<string, unknown>, (member) => member !== null && member !== '');
}

/** Those that are to be kept, sorted; undefined where there are none. */
function membersOf(
  value: Readonly<Record<string, unknown>>,
  isKept: (member: unknown) => boolean,
): Record<string, unknown> | undefined {
  let members: Record<string, unknown> | undefined;
  for (const name of Object.keys(value).sort()) {
    if (!isKept(value[name])) continue;
    members ??= {};
    // a sender's own name may be __proto__
    if (name === '__proto__') Object.defineProperty(members, name, { ...own, value: value[name] });
    else members[name] = value[name];
  }
  return members;
}
const own = { configurable: true, enumerable: true, writable: true };

/** UTC with milliseconds; undefined for a time that has no four-digit year there. */
function utc(time: string): string | undefined {
  const normalised = new Date(time).toISOString();
  return /^(?!0000)\d{4}-/.test(normalised) ? normalised : undefined;
}

const refuse = (pointer: string, rule: string, message: string): Refusal => ({
  errors: [{ pointer, rule, message }],
});

const saysSomething = (content: Partial<Feedback>): boolean =>
  Boolean(content.text?.trim() || content.title?.trim() || content.rating || content.survey);

/** What a tombstone keeps: enough to order it and to find what it closes, nothing that a person said. */
const tombstone = ({ channel, customerKey, occurredAt, updatedAt }: Partial<Feedback>): Partial<Feedback> => ({
  channel,
  customerKey,
  occurredAt,
  updatedAt,
});

/**
 * The canonical feedback of an input (any JSON value), with its derived ids; or what is wrong with it.
 *
 * - null and empty members are left out; times become UTC with milliseconds; kind and historic get their defaults
 * - feedbackId = v5(source, externalId), else v5(source, idempotencyKey, index), else v5(source, hash of all the rest)
 * - a deletion needs an externalId, and keeps neither text nor author
 */
export function canonicalise(submission: {
  readonly source: string;
  readonly input: unknown;
  readonly idempotencyKey?: string;
  readonly index?: number | string;
}): Candidate | Refusal {
  const { source, input, idempotencyKey, index } = submission;
  const violations = validate(input);
  if (violations) return { errors: violations };
  const forbidden = forbiddenCharacters(input);
  if (forbidden) return { errors: [forbidden] };
  const given = input as FeedbackInput;
  const { source: named, externalId } = given;
  if (named !== undefined && named !== null && named !== source)
    return refuse('/source', foreignSource, 'source is not the one that the caller may speak for');
  const kind = given.kind ?? 'created';
  const historic = given.historic ?? false;

  const members: Record<string, unknown> = {};
  for (const name of contentNames) {
    const kept = name === 'attributes' ? attributesOf(given.attributes) : withoutEmpty(given[name]);
    if (kept !== undefined) members[name] = kept;
  }
  for (const name of ['occurredAt', 'updatedAt']) {
    if (members[name] === undefined) continue;
    const time = utc(members[name] as string);
    if (time === undefined) return refuse(`/${name}`, 'isTimestamp', `${name} is outside the years 1 to 9999`);
    members[name] = time;
  }
  let content = members as Partial<Feedback>;
  if (content.customerKey === undefined && content.author?.externalId !== undefined)
    content.customerKey = customerKeyOf(source, content.author.externalId);

  if (kind === 'deleted') {
    if (externalId === undefined || externalId === null)
      return refuse('/externalId', 'isDefined', 'externalId is missing; a deletion must name what is deleted');
    content = tombstone(content);
  } else if (!saysSomething(content)) {
    return refuse('', 'saysSomething', 'one of text, title, rating and survey must be there');
  }

  const identified = { ...content, source, externalId: externalId ?? undefined, kind, historic };
  const feedbackId = identified.externalId
    ? feedbackIdOf(source, identified.externalId)
    : idempotencyKey !== undefined
      ? deriveId(source, idempotencyKey, String(index ?? 0))
      : deriveId(source, sha256(canonicalJson(inOrder(identified))));
  const whole = inOrder({ ...identified, feedbackId }) as CanonicalContent;
  const canonical = canonicalJson(whole);
  const bytes = Buffer.byteLength(canonical) + bytesOfAcceptance;
  if (bytes > maxEventBytes)
    return refuse('', tooLong, `the canonical feedback has ${bytes} bytes; ${maxEventBytes} are the most`);
  return {
    feedbackId,
    source,
    kind,
    ...(content.updatedAt !== undefined && { updatedAt: Date.parse(content.updatedAt) }),
    contentHash: sha256(canonical),
    content: whole,
    canonical,
  };
}

function inOrder(content: Partial<CanonicalContent>): Partial<CanonicalContent> {
  const ordered: Record<string, unknown> = {};
  for (const name of canonicalNames) if (content[name] !== undefined) ordered[name] = content[name];
  return ordered;
}

/** Attributes are the sender's own names: an empty value may mean something there. */
const attributesOf = (attributes: Readonly<Record<string, unknown>> | null | undefined): unknown =>
  attributes && membersOf(attributes, () => true);
