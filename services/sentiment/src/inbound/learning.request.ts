import {
  emotionNames,
  type EmotionName,
  intentNames,
  type IntentName,
  IsTimestamp,
  Nested,
  requestValidatorOf,
  sentimentLabels,
  type SentimentLabel,
  topicNamePattern,
  urgencyLevels,
  type UrgencyLevel,
} from '@closeloop/contracts';
import { invalid, Problem, type Principal } from '@closeloop/platform';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
} from 'class-validator';
import type { SeenTags } from '../application/correct-tags.handler.js';
import type { Actor } from '../domain/actor.js';
import type { TagCorrection } from '../domain/correction/correct-tags.js';

export class TopicCorrection {
  @Matches(topicNamePattern) name!: string;
  @IsOptional() @IsIn(sentimentLabels) sentiment?: SentimentLabel;
}

/** At least one of them. What is left out stays as it stands. */
export class TagsRequest {
  /** BCP 47 */
  @IsOptional() @Matches(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/) @MaxLength(35) language?: string;
  @IsOptional() @IsIn(sentimentLabels) sentiment?: SentimentLabel;
  @IsOptional() @IsArray() @ArrayMaxSize(7) @IsIn(emotionNames, { each: true }) emotions?: EmotionName[];
  /** All that it speaks of */
  @IsOptional() @IsArray() @ArrayMaxSize(50) @Nested(() => TopicCorrection, { each: true }) topics?: TopicCorrection[];
  /** null: it is for nothing that can be told */
  @IsOptional() @IsIn(intentNames) intent?: IntentName | null;
  @IsOptional() @IsIn(urgencyLevels) urgency?: UrgencyLevel;
  @IsOptional() @IsBoolean() spamOrEmpty?: boolean;
}

/** `shipped`, or eight hexadecimal digits */
const versionPattern = /^(shipped|[0-9a-f]{8})$/;

export class ActivateRequest {
  @Matches(versionPattern) version!: string;
  @IsString() @MinLength(1) @MaxLength(2000) reason!: string;
}

export class RollbackRequest {
  @IsString() @MinLength(1) @MaxLength(2000) reason!: string;
}

export class RetagRequest {
  /** Received then or later */
  @IsTimestamp() from!: string;
  /** Received before that; until now unless told otherwise */
  @IsOptional() @IsTimestamp() to?: string;
  /** The active one unless told otherwise */
  @IsOptional() @Matches(versionPattern) model?: string;
  /** At most, over all replicas */
  @IsOptional() @IsInt() @Min(1) @Max(1_000) perSecond?: number;
}

/** A reader of request bodies of one class: gives the body, or throws the problem `invalid` with every violation. */
export function bodyOf<T extends object>(dataClass: new () => T): (body: unknown) => T {
  const violationsOf = requestValidatorOf(dataClass);
  return (body) => {
    const violations = violationsOf(body ?? {});
    if (violations) throw new Problem('invalid', 'The body is not what this route takes.', { errors: violations });
    return (body ?? {}) as T;
  };
}

/** @throws Problem where nothing is said, or a topic twice */
export function correctionOf(request: TagsRequest): TagCorrection {
  // null is left out, but of the intent, where it says that there is none
  const given = Object.entries(request).filter(
    ([name, value]) => value !== undefined && (value !== null || name === 'intent'),
  );
  if (given.length === 0) throw invalid('', 'correction', 'Say at least one of the tags.');
  const names = request.topics?.map(({ name }) => name) ?? [];
  const twice = names.findIndex((name, at) => names.indexOf(name) !== at);
  if (twice >= 0) throw invalid(`/topics/${twice}/name`, 'arrayUnique', 'Each topic may be there once.');
  return Object.fromEntries(given) as TagCorrection;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** @throws Problem `not-found` for what cannot be an id */
export function idFrom(text: string, what: string): string {
  const id = text.toLowerCase();
  if (!uuid.test(id)) throw new Problem('not-found', `There is no such ${what}.`);
  return id;
}

/** Who is written down. */
export const personOf = (principal: Principal): Actor => {
  if (principal.kind !== 'person') throw new Problem('forbidden', 'This is for people, with a token.');
  const { kind, subject, roles } = principal;
  return { kind, subject, roles };
};

export const etagOf = ({ revision, tagRevision }: SeenTags): string => `"${revision}.${tagRevision}"`;

/** Which tags somebody has seen, out of `If-Match: "1.2"`; undefined without it. */
export function seenOf(header: string | undefined): SeenTags | undefined {
  if (header === undefined) return undefined;
  const [, , revision, tagRevision] = /^("?)([1-9]\d{0,8})\.([1-9]\d{0,8})\1$/.exec(header.trim()) ?? [];
  if (revision === undefined || tagRevision === undefined) {
    throw invalid('', 'if-match', 'If-Match must be the ETag of tags, such as "1.2".');
  }
  return { revision: Number(revision), tagRevision: Number(tagRevision) };
}

/** undefined: what ships alone */
export const versionOf = (text: string): string | undefined => (text === 'shipped' ? undefined : text);
