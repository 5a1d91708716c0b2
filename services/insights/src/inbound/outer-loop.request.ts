import {
  InsightAbout,
  maxEvidence,
  maxInsightClaim,
  maxInsightTitle,
  maxNoticeLength,
  Nested,
  teamPattern,
  topicNamePattern,
} from '@closeloop/contracts';
import { Problem, type ProblemError } from '@closeloop/platform';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  Matches,
  MaxLength,
  MinLength,
} from 'class-validator';
import { type GivenImprovement } from '../application/manage-improvements.handler.js';
import { type GivenInsight } from '../application/raise-insight.handler.js';
import { type Aim, type ImprovementPatch, type LoopRule } from '../domain/improvement.js';
import { ownedBy, type Ownership } from '../domain/ownership.js';

const dayPattern = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;

export class RaiseInsightRequest extends InsightAbout {
  @IsString() @MinLength(1) @MaxLength(maxInsightTitle) title!: string;
  @IsString() @MinLength(1) @MaxLength(maxInsightClaim) claim!: string;
  /** Who is to answer it; by the table of ownership unless named */
  @IsOptional() @Matches(teamPattern) team?: string;
  /** Loops that it rests on; may be none where feedback is named */
  @IsOptional() @IsArray() @ArrayMaxSize(maxEvidence) @IsUUID(undefined, { each: true }) loopIds?: string[];
  @IsOptional() @IsArray() @ArrayMaxSize(maxEvidence) @IsUUID(undefined, { each: true }) feedbackIds?: string[];
}

export class AcceptRequest {
  /** What the raiser is told with it */
  @IsOptional() @IsString() @MinLength(1) @MaxLength(2000) note?: string;
}

export class DeclineRequest {
  @IsString() @MinLength(1) @MaxLength(2000) reason!: string;
}

export class MergeRequest {
  /** The insight that goes on, with the evidence of both */
  @IsUUID() into!: string;
}

export class AssignInsightRequest {
  @Matches(teamPattern) team!: string;
}

export class AimRequest {
  /** A metric of `GET /v1/metrics` */
  @IsString() @MinLength(1) @MaxLength(100) name!: string;
  /** By dimension: any of these values, `{"product": ["app"]}` */
  @IsOptional() @IsObject() filters?: Record<string, unknown>;
}

/** What is planned. */
class PlanRequest {
  @IsString() @MinLength(1) @MaxLength(200) title!: string;
  /** Subject of who sees to it */
  @IsString() @MinLength(1) @MaxLength(300) owner!: string;
  /** `YYYY-MM-DD` */
  @Matches(dayPattern) due!: string;
  @IsString() @MinLength(1) @MaxLength(4000) action!: string;
  @Nested(() => AimRequest) metric!: AimRequest;
}

export class ImproveRequest extends PlanRequest {}

export class ImprovementRequest extends PlanRequest {
  /** Whose it is; by the table of ownership, and of an agent in one team that team, unless named */
  @IsOptional() @Matches(teamPattern) team?: string;
}

/** What is left out stays. */
export class ImprovementPatchRequest {
  @IsOptional() @IsString() @MinLength(1) @MaxLength(200) title?: string;
  @IsOptional() @IsString() @MinLength(1) @MaxLength(300) owner?: string;
  @IsOptional() @Matches(dayPattern) due?: string;
  @IsOptional() @IsString() @MinLength(1) @MaxLength(4000) action?: string;
  @IsOptional() @Nested(() => AimRequest) metric?: AimRequest;
  @IsOptional() @IsIn(['doing', 'dropped']) state?: 'doing' | 'dropped';
}

/** All loops with feedback like this; one of topic, product and location at least. */
export class LoopRuleRequest {
  /** One with one level has those below it */
  @IsOptional() @Matches(topicNamePattern) topic?: string;
  @IsOptional() @IsString() @MinLength(1) @MaxLength(300) product?: string;
  @IsOptional() @IsString() @MinLength(1) @MaxLength(300) location?: string;
  /** Days of the feedback, UTC; `to` is left out */
  @IsOptional() @Matches(dayPattern) from?: string;
  @IsOptional() @Matches(dayPattern) to?: string;
}

/** One of the two, or both. */
export class AttachRequest {
  @IsOptional() @IsArray() @ArrayMaxSize(1000) @IsUUID(undefined, { each: true }) loopIds?: string[];
  @IsOptional() @Nested(() => LoopRuleRequest) rule?: LoopRuleRequest;
}

export class DoneRequest {
  /** What each customer in it is told; may be left out where no loop is in it */
  @IsOptional() @IsString() @MinLength(1) @MaxLength(maxNoticeLength) message?: string;
}

class OwnershipRuleRequest extends InsightAbout {
  @Matches(teamPattern) team!: string;
}

export class OwnershipRequest {
  @Matches(teamPattern) defaultTeam!: string;
  @IsArray() @ArrayMaxSize(1000) @Nested(() => OwnershipRuleRequest, { each: true }) rules!: OwnershipRuleRequest[];
}

/** null says what absent says. */
const said = <T extends object>(given: T): Partial<{ [K in keyof T]: NonNullable<T[K]> }> =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value != null)) as never;

export function insightIn(request: RaiseInsightRequest): GivenInsight {
  const { title, claim, team, loopIds, feedbackIds, ...about } = request;
  const ids = (given: readonly string[] | null | undefined): string[] => [
    ...new Set((given ?? []).map((id) => id.toLowerCase())),
  ];
  return {
    ...{ title, claim, about: said(about), loopIds: ids(loopIds), feedbackIds: ids(feedbackIds) },
    ...(team != null && { team }),
  };
}

const refused = (errors: readonly ProblemError[]): Problem =>
  new Problem('invalid', 'The body is not what this route takes.', { errors });

const isDay = (day: string): boolean => new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);

/** @throws Problem `invalid` for what is no day of the calendar */
function assertDays(days: Readonly<Record<string, string | null | undefined>>): void {
  const errors = Object.entries(days).flatMap(([pointer, day]) =>
    day == null || isDay(day)
      ? []
      : [{ pointer, rule: 'day', message: `${pointer.slice(1)} is no day of the calendar` }],
  );
  if (errors.length > 0) throw refused(errors);
}

/** Most values of a filter. */
const maxValues = 50;

/** @throws Problem `invalid` for filters that are not lists of texts */
function aimIn({ name, filters }: AimRequest): Aim {
  const entries = Object.entries(filters ?? {});
  const errors = entries.flatMap(([dimension, values]) => {
    const isList =
      Array.isArray(values) &&
      values.length > 0 &&
      values.length <= maxValues &&
      values.every((value) => typeof value === 'string' && value !== '' && value.length <= 300);
    return isList
      ? []
      : [
          {
            pointer: `/metric/filters/${dimension.replaceAll('~', '~0').replaceAll('/', '~1')}`,
            ...{ rule: 'values', message: `a filter is a list of 1 to ${maxValues} texts` },
          },
        ];
  });
  if (errors.length > 0) throw refused(errors.slice(0, 50));
  return { name, filters: Object.fromEntries(entries) as Aim['filters'] };
}

export function improvementIn({ title, owner, due, action, metric, ...rest }: ImprovementRequest): GivenImprovement {
  assertDays({ '/due': due });
  return { title, owner, due, action, metric: aimIn(metric), ...(rest.team != null && { team: rest.team }) };
}

export function patchIn(request: ImprovementPatchRequest): ImprovementPatch {
  const { metric, ...given } = said(request);
  assertDays({ '/due': given.due });
  return { ...given, ...(metric && { metric: aimIn(metric) }) };
}

export function attachmentIn({ loopIds, rule }: AttachRequest): { loopIds?: string[]; rule?: LoopRule } {
  if (rule == null && (loopIds == null || loopIds.length === 0)) {
    throw refused([{ pointer: '', rule: 'attachment', message: 'Name loopIds, a rule, or both.' }]);
  }
  if (rule && rule.topic == null && rule.product == null && rule.location == null) {
    throw refused([{ pointer: '/rule', rule: 'named', message: 'rule must name a topic, a product or a location' }]);
  }
  assertDays({ '/rule/from': rule?.from, '/rule/to': rule?.to });
  if (rule?.from != null && rule.to != null && rule.to <= rule.from) {
    throw refused([{ pointer: '/rule/to', rule: 'after', message: 'to must be after from' }]);
  }
  return {
    ...(loopIds && { loopIds: [...new Set(loopIds.map((id) => id.toLowerCase()))] }),
    ...(rule && { rule: said(rule) }),
  };
}

export const ownershipIn = ({ defaultTeam, rules }: OwnershipRequest): Omit<Ownership, 'version'> => ({
  defaultTeam,
  rules: rules.map((rule) => ({
    team: rule.team,
    ...Object.fromEntries(ownedBy.flatMap((name) => (rule[name] == null ? [] : [[name, rule[name]]]))),
  })),
});
