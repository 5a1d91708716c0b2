import {
  loopWishes,
  memberPointer,
  priorities,
  requestValidatorOf,
  teamPattern,
  validatorOf,
  type LoopWish,
  type Priority,
  type Violation,
} from '@closeloop/contracts';
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
import { maxConditionLength } from '../domain/condition-checker.js';
import { maxRules, type RuleDefinition } from '../domain/rule-set.js';

/** One rule as a manager sends it; what is optional has the usual value. */
export class RuleInput {
  @IsString() @MinLength(1) @MaxLength(200) name!: string;
  @IsString() @MinLength(1) @MaxLength(maxConditionLength) when!: string;
  @Matches(teamPattern) team!: string;
  @IsOptional() @IsIn(priorities) priority?: Priority;
  @IsOptional() @IsString() @MinLength(1) @MaxLength(100) slaPolicy?: string;
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(50)
  @IsString({ each: true })
  @MaxLength(100, { each: true })
  labels?: string[];
  @IsIn(loopWishes) loop!: LoopWish;
  @IsOptional() @IsBoolean() includeHistoric?: boolean;
}

class RuleSetInput {
  @IsArray() @ArrayMaxSize(maxRules) rules!: unknown[];
  /** The version that was active when the rules were written */
  @IsOptional() @IsInt() @Min(1) @Max(2_147_483_647) basedOn?: number;
  @IsOptional() @IsString() @MinLength(1) @MaxLength(2000) reason?: string;
}

export class ActivateRequest {
  @IsString() @MinLength(1) @MaxLength(2000) reason!: string;
  /** The version that is to be active until then; the one that the draft was based on unless told otherwise */
  @IsOptional() @IsInt() @Min(1) @Max(2_147_483_647) basedOn?: number;
}

const violationsOfRule = validatorOf(RuleInput);
const violationsOfRuleSet = requestValidatorOf(RuleSetInput);

const definitionOf = (rule: RuleInput): RuleDefinition => ({
  name: rule.name,
  when: rule.when,
  team: rule.team,
  priority: rule.priority ?? 'medium',
  slaPolicy: rule.slaPolicy ?? 'standard',
  labels: rule.labels ?? [],
  loop: rule.loop,
  includeHistoric: rule.includeHistoric ?? false,
});

/** Reads the body of a request for a new rule set: the rules, or what is wrong with their shape. */
export function readRuleSet(
  body: unknown,
): { rules: RuleDefinition[]; basedOn?: number; reason?: string } | { violations: readonly Violation[] } {
  const wrong = violationsOfRuleSet(body);
  if (wrong) return { violations: wrong };
  const { rules, basedOn, reason } = body as RuleSetInput;
  const violations = rules.flatMap((rule, index) =>
    (violationsOfRule(rule) ?? []).map((violation) => ({
      ...violation,
      pointer: memberPointer('/rules', index) + violation.pointer,
    })),
  );
  if (violations.length > 0) return { violations };
  return {
    rules: (rules as RuleInput[]).map(definitionOf),
    ...(basedOn === undefined || basedOn === null ? {} : { basedOn }),
    ...(reason === undefined || reason === null ? {} : { reason }),
  };
}
