import { IsString, IsUUID, Matches, MaxLength } from 'class-validator';
import { IsTimestamp } from './decorators.js';
import { declareEvent } from './event-declaration.js';

/** A reply will not reach the customer: nobody tries any more. */
export class ReplyFailed {
  @IsUUID() replyId!: string;
  @IsUUID() loopId!: string;
  @IsUUID() feedbackId!: string;
  @IsTimestamp() at!: string;
  /** For programs: `no-sender`, `refused`, `given-up`…; this list grows */
  @Matches(/^[a-z][a-z-]{0,39}$/) reason!: string;
  /** For people; never the reply's words */
  @IsString() @MaxLength(1000) message!: string;
}

export const replyFailed = declareEvent({
  topic: 'reply-failed.v1',
  description: 'A reply could not be sent to a customer',
  data: ReplyFailed,
  key: ({ feedbackId }) => feedbackId,
});
