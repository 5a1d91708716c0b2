import { Type } from 'class-transformer';
import {
  IsIn,
  IsISO8601,
  IsNumber,
  IsOptional,
  IsString,
  IsUUID,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { channels, journeyStages, sentimentLabels } from '@closeloop/contracts';

export class AuthorDto {
  @IsOptional() @IsString() @MaxLength(300) externalId?: string;
  @IsOptional() @IsString() @MaxLength(300) name?: string;
}

export class RatingDto {
  @IsNumber() @Min(0) value!: number;
  @IsNumber() @Min(1) scale!: number;
}

export class FeedbackDto {
  @IsString() @MaxLength(300) externalId!: string;
  @IsIn(channels) channel!: string;
  @IsOptional() @IsString() @MaxLength(20_000) text?: string;
  @IsOptional() @ValidateNested() @Type(() => RatingDto) rating?: RatingDto;
  @IsOptional() @ValidateNested() @Type(() => AuthorDto) author?: AuthorDto;
  @IsOptional() @IsString() @MaxLength(300) customerKey?: string;
  @IsOptional() @IsString() @MaxLength(300) product?: string;
  @IsOptional() @IsString() @MaxLength(300) touchpoint?: string;
  @IsOptional() @IsIn(journeyStages) journeyStage?: string;
  @IsOptional() @IsISO8601() occurredAt?: string;
}

export class FeedbackReceivedDto extends FeedbackDto {
  @IsUUID() feedbackId!: string;
  @IsISO8601() receivedAt!: string;
}

export class TagsDto {
  @IsIn(sentimentLabels) sentiment!: string;
  @IsNumber() @Min(-1) @Max(1) score!: number;
}

export class FeedbackTaggedDto extends FeedbackReceivedDto {
  @ValidateNested() @Type(() => TagsDto) tags!: TagsDto;
}
