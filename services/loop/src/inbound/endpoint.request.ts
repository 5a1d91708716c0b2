import { IsTimestamp, Nested } from '@closeloop/contracts';
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
} from 'class-validator';
import { endpointKinds, selectableChanges, type EndpointKind } from '../domain/endpoint.js';

const address = /^[^\s@<>,;:"]{1,64}@[^\s@<>,;:"]{1,255}$/;

export class DigestRequest {
  @IsIn(['hour', 'day']) every!: 'hour' | 'day';
  /** Of a day: by the clock of the zone */
  @IsOptional() @Matches(/^([01]\d|2[0-3]):[0-5]\d$/) at?: string;
  /** Of a day: a name of the IANA */
  @IsOptional() @IsString() @MaxLength(100) zone?: string;
}

export class ChangeEndpointRequest {
  @IsOptional() @IsString() @MaxLength(2000) url?: string;
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(50)
  @Matches(address, { each: true })
  addresses?: string[];
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(50)
  @IsIn(selectableChanges, { each: true })
  changes?: string[];
  /** null: each by itself */
  @IsOptional() @Nested(() => DigestRequest) digest?: DigestRequest | null;
  /** false: it goes on, and its failures are forgotten */
  @IsOptional() @IsBoolean() paused?: boolean;
}

export class EndpointRequest extends ChangeEndpointRequest {
  @IsIn(endpointKinds) kind!: EndpointKind;
}

export class RotateSecretRequest {
  /** How long the secrets before it sign beside it */
  @IsOptional() @IsInt() @Min(0) @Max(720) overlapHours?: number;
}

export class ReplayPeriodRequest {
  @IsTimestamp() from!: string;
  @IsTimestamp() to!: string;
}
