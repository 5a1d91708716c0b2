import { channels, Nested, priorities, teamPattern, type Channel, type Priority } from '@closeloop/contracts';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
} from 'class-validator';
import { type SlaDocument } from '../domain/sla/document.js';
import { weekdays, type Weekday } from '../domain/sla/business-calendar.js';

const namePattern = /^[a-z0-9][a-z0-9-]{0,62}$/;
const timePattern = /^([01]\d|2[0-3]):[0-5]\d$|^24:00$/;

class ShiftRequest {
  @Matches(timePattern) from!: string;
  @Matches(timePattern) to!: string;
}

class WeeklyShiftRequest extends ShiftRequest {
  @IsArray() @ArrayMaxSize(7) @IsIn(weekdays, { each: true }) days!: Weekday[];
}

class ExceptionRequest {
  @IsString() @MaxLength(10) date!: string;
  @IsArray() @ArrayMaxSize(10) @Nested(() => ShiftRequest, { each: true }) shifts!: ShiftRequest[];
}

class CalendarRequest {
  @Matches(namePattern) name!: string;
  @IsString() @MinLength(1) @MaxLength(60) zone!: string;
  @IsArray() @ArrayMaxSize(50) @Nested(() => WeeklyShiftRequest, { each: true }) shifts!: WeeklyShiftRequest[];
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(1000)
  @Nested(() => ExceptionRequest, { each: true })
  exceptions?: ExceptionRequest[];
}

class LimitsRequest {
  @IsOptional() @IsString() @MaxLength(40) customer?: string;
  @IsOptional() @IsString() @MaxLength(40) business?: string;
}

class PromisedRequest {
  @IsOptional() @Nested(() => LimitsRequest) firstResponse?: LimitsRequest;
  @IsOptional() @Nested(() => LimitsRequest) resolution?: LimitsRequest;
  @IsOptional() @IsNumber() @Min(0.01) @Max(1) warnAt?: number;
  @IsOptional() @Matches(namePattern) calendar?: string;
}

class VariantRequest extends PromisedRequest {
  @IsOptional() @IsArray() @ArrayMaxSize(4) @IsIn(priorities, { each: true }) priorities?: Priority[];
  @IsOptional() @IsArray() @ArrayMaxSize(100) @Matches(teamPattern, { each: true }) teams?: string[];
  @IsOptional() @IsArray() @ArrayMaxSize(20) @IsIn(channels, { each: true }) channels?: Channel[];
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(100)
  @IsString({ each: true })
  @MaxLength(100, { each: true })
  segments?: string[];
}

class PolicyRequest extends PromisedRequest {
  @Matches(namePattern) name!: string;
  @IsOptional() @IsArray() @ArrayMaxSize(100) @Nested(() => VariantRequest, { each: true }) variants?: VariantRequest[];
}

class ChainStepRequest {
  @IsString() @MaxLength(40) after!: string;
  @IsOptional() @IsString() @MinLength(1) @MaxLength(300) owner?: string;
  @IsOptional() @Matches(teamPattern) team?: string;
}

class TeamRequest {
  @Matches(teamPattern) team!: string;
  @IsOptional() @Matches(namePattern) calendar?: string;
  @IsOptional() @IsArray() @ArrayMaxSize(20) @Nested(() => ChainStepRequest, { each: true }) chain?: ChainStepRequest[];
}

/** All that is promised, as people write it. */
export class SlaSettingsRequest {
  /** The version that was active when this was written */
  @IsInt() @Min(1) @Max(2_147_483_647) basedOn!: number;
  @IsOptional() @IsString() @MinLength(1) @MaxLength(2000) reason?: string;
  /** Open loops are to have it, too; else they keep what they were promised */
  @IsOptional() @IsBoolean() applyToOpen?: boolean;
  @IsArray() @ArrayMaxSize(100) @Nested(() => CalendarRequest, { each: true }) calendars!: CalendarRequest[];
  @Matches(namePattern) defaultCalendar!: string;
  @IsArray() @ArrayMaxSize(100) @Nested(() => PolicyRequest, { each: true }) policies!: PolicyRequest[];
  @Matches(namePattern) defaultPolicy!: string;
  @IsArray() @ArrayMaxSize(1000) @Nested(() => TeamRequest, { each: true }) teams!: TeamRequest[];
}

/** The document alone; absent members may be null on the wire. */
export const documentOf = ({
  calendars,
  defaultCalendar,
  policies,
  defaultPolicy,
  teams,
}: SlaSettingsRequest): SlaDocument =>
  JSON.parse(JSON.stringify({ calendars, defaultCalendar, policies, defaultPolicy, teams }), (_key, value: unknown) =>
    value === null ? undefined : value,
  ) as SlaDocument;
