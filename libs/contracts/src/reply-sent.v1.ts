import { IsOptional, IsString, IsUUID, MaxLength, MinLength } from 'class-validator';
import { IsTimestamp } from './decorators.js';
import { declareEvent } from './event-declaration.js';

/** A reply has reached the place where the customer spoke. */
export class ReplySent {
  @IsUUID() replyId!: string;
  @IsUUID() loopId!: string;
  @IsUUID() feedbackId!: string;
  @IsTimestamp() at!: string;
  /** What the place calls the reply */
  @IsOptional() @IsString() @MinLength(1) @MaxLength(300) externalId?: string;
}

export const replySent = declareEvent({
  topic: 'reply-sent.v1',
  description: 'A reply was sent to a customer',
  data: ReplySent,
  key: ({ feedbackId }) => feedbackId,
});
