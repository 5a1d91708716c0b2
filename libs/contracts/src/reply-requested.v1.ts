import { IsIn, IsInt, IsOptional, IsString, IsUUID, Matches, Max, MaxLength, Min, MinLength } from 'class-validator';
import { IsTimestamp } from './decorators.js';
import { declareEvent } from './event-declaration.js';
import { sourcePattern } from './feedback.js';

/** answer: an agent's words; follow-up: the question whether it was done, with the link where one answers. */
export const replyKinds = ['answer', 'follow-up'] as const;
export type ReplyKind = (typeof replyKinds)[number];

/** Most characters (UTF-16 code units) of a reply. */
export const maxReplyLength = 10_000;

/** What is to be said to a customer, where the customer spoke. Requested at least once under the same id. */
export class ReplyRequested {
  /** Derived; the same reply has the same one, so that a sender can tell what it sent already */
  @IsUUID() replyId!: string;
  @IsIn(replyKinds) kind!: ReplyKind;
  @IsUUID() loopId!: string;
  /** What is answered, and the revision that was read */
  @IsUUID() feedbackId!: string;
  @IsInt() @Min(1) @Max(2_147_483_647) revision!: number;
  /** The connector that is to send it */
  @Matches(sourcePattern) source!: string;
  /** What the source calls that feedback; absent where it has no name for it */
  @IsOptional() @IsString() @MinLength(1) @MaxLength(300) externalId?: string;
  @IsString() @MinLength(1) @MaxLength(50) channel!: string;
  /** BCP 47; absent where it is not known */
  @IsOptional() @Matches(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/) @MaxLength(35) language?: string;
  @IsString() @MinLength(1) @MaxLength(maxReplyLength) text!: string;
  @IsTimestamp() at!: string;
}

export const replyRequested = declareEvent({
  topic: 'reply-requested.v1',
  description: 'A customer is to be answered, by the connector that heard the customer',
  data: ReplyRequested,
  key: ({ feedbackId }) => feedbackId,
});
