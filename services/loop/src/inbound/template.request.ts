import { IsAttributes, maxReplyLength, Nested } from '@closeloop/contracts';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  IsUUID,
  Max,
  MaxLength,
  Min,
  MinLength,
} from 'class-validator';
import { variableTypes, type TemplateBody, type VariableType } from '../domain/template.js';

export class VariableRequest {
  @IsString() @MinLength(1) @MaxLength(40) name!: string;
  @IsIn(variableTypes) type!: VariableType;
  /** Needed where the text uses it, unless told otherwise */
  @IsOptional() @IsBoolean() required?: boolean;
  /** Of a choice */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(50)
  @IsString({ each: true })
  @MaxLength(200, { each: true })
  values?: string[];
  /** Of a text */
  @IsOptional() @IsInt() @Min(1) @Max(1_000) maxLength?: number;
}

export class TemplateTextRequest {
  /** BCP 47 */
  @IsString() @MinLength(2) @MaxLength(35) language!: string;
  /** With `{{name}}` where a variable stands */
  @IsString() @MinLength(1) @MaxLength(maxReplyLength) text!: string;
}

export class TemplateRequest {
  @IsString() @MinLength(1) @MaxLength(100) name!: string;
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(50)
  @Nested(() => VariableRequest, { each: true })
  variables?: VariableRequest[];
  @IsArray() @ArrayMaxSize(50) @Nested(() => TemplateTextRequest, { each: true }) texts!: TemplateTextRequest[];
  /** Language of those whose language it does not have */
  @IsString() @MinLength(2) @MaxLength(35) fallback!: string;
}

export class RenderRequest {
  @IsUUID() loopId!: string;
  /** The feedback that is answered; the only one, unless named */
  @IsOptional() @IsUUID() feedbackId?: string;
  @IsOptional() @IsAttributes() variables?: Record<string, string | number | boolean>;
}

/** null says what absent says. */
export const templateBodyOf = ({ variables, texts, fallback }: TemplateRequest): TemplateBody => ({
  variables: (variables ?? []).map(({ name, type, required, values, maxLength }) => ({
    ...{ name, type, required: required ?? true },
    ...(values && { values }),
    ...(maxLength != null && { maxLength }),
  })),
  texts: texts.map(({ language, text }) => ({ language, text })),
  fallback,
});
