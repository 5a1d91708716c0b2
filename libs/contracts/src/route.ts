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
import { Nested } from './decorators.js';
import { topicNamePattern } from './tags.js';

export const priorities = ['low', 'medium', 'high', 'critical'] as const;
export type Priority = (typeof priorities)[number];
export const loopWishes = ['open', 'join', 'none'] as const;
export type LoopWish = (typeof loopWishes)[number];

/** Name of a team: part of a topic's name, so of the characters that Kafka allows there. */
export const teamPattern = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** The teams that an installation begins with; people make others. */
export const firstTeams = ['triage', 'support', 'operations', 'billing', 'product', 'marketing'] as const;

/** Where no rule matched: the team that people have moved loops of that topic to. */
export class RouteFallback {
  @Matches(teamPattern) team!: string;
  /** 0..1, at least how often that is right, by the moves that it was learned from */
  @IsNumber() @Min(0) @Max(1) confidence!: number;
  @Matches(topicNamePattern) topic!: string;
  /** Whether it was sure enough to be acted on: then it is the route's team. */
  @IsBoolean() applied!: boolean;
}

/** Who is to act on a feedback, how fast, and which rule of which version said so. */
export class Route {
  @Matches(teamPattern) team!: string;
  @IsIn(priorities) priority!: Priority;
  @IsString() @MinLength(1) @MaxLength(100) slaPolicy!: string;
  @IsArray() @ArrayMaxSize(50) @IsString({ each: true }) @MaxLength(100, { each: true }) labels!: string[];
  /** open: a loop of its own; join: the customer's open one of that team, else a new one; none: no loop */
  @IsIn(loopWishes) loop!: LoopWish;
  @IsInt() @Min(1) @Max(2_147_483_647) ruleSetVersion!: number;
  @IsString() @MinLength(1) @MaxLength(200) rule!: string;
  @IsOptional() @Nested(() => RouteFallback) fallback?: RouteFallback;
}
