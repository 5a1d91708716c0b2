import { IsTimestamp } from '@closeloop/contracts';
import { invalid, Problem } from '@closeloop/platform';
import { IsInt, IsOptional, IsString, Matches, Max, MaxLength, Min, MinLength } from 'class-validator';
import type { Period } from '../domain/kept-store.js';

/** `draft-3`, a version, or `active` */
export const ruleSetId = /^(active|(draft-)?[1-9]\d{0,8})$/;
const mostDays = 3_650;
const dayMs = 86_400_000;
const usualDays = 30;

export class DryRunRequest {
  @IsOptional() @IsInt() @Min(1) @Max(mostDays) days?: number;
  /** Received then or later */
  @IsOptional() @IsTimestamp() from?: string;
  /** Received before that; until now unless told otherwise */
  @IsOptional() @IsTimestamp() to?: string;
  @IsOptional() @Matches(ruleSetId) against?: string;
}

export class RerouteRequest {
  /** Received then or later */
  @IsTimestamp() from!: string;
  /** Received before that; until now unless told otherwise */
  @IsOptional() @IsTimestamp() to?: string;
  @IsString() @MinLength(1) @MaxLength(2000) reason!: string;
  /** At most, over all replicas */
  @IsOptional() @IsInt() @Min(1) @Max(1_000) perSecond?: number;
}

/** @throws Problem where it says both or neither ends */
export function periodOf({ days, from, to }: DryRunRequest): Period {
  const end = to == null ? new Date() : new Date(to);
  if (days != null && from != null) throw invalid('/days', 'period', 'Give days or from, not both.');
  const begin = from == null ? new Date(end.getTime() - (days ?? usualDays) * dayMs) : new Date(from);
  if (begin >= end) throw invalid('/from', 'period', 'from must be before to.');
  return { from: begin, to: end };
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export const isUuid = (text: string): boolean => uuid.test(text);

/** @throws Problem `not-found` for what cannot be an id */
export function rerouteIdFrom(text: string): string {
  const id = text.toLowerCase();
  if (!isUuid(id)) throw new Problem('not-found', 'There is no such reroute.');
  return id;
}
