import { IsString, IsUUID, MaxLength, MinLength } from 'class-validator';
import { IsTimestamp } from './decorators.js';
import { declareEvent } from './event-declaration.js';

/** Most characters (UTF-16 code units) of what customers are told: a reply that frames it holds it. */
export const maxNoticeLength = 5_000;

/**
 * The customer of a loop is to be told that what the loop was about is improved: once for each improvement, however many loops of that
 * customer are in it. Requested at least once under the same id.
 */
export class NoticeRequested {
  /** Derived of improvement and loop */
  @IsUUID() noticeId!: string;
  @IsUUID() improvementId!: string;
  @IsUUID() loopId!: string;
  /** In the words of who improved it */
  @IsString() @MinLength(1) @MaxLength(maxNoticeLength) text!: string;
  @IsTimestamp() at!: string;
}

export const noticeRequested = declareEvent({
  topic: 'notice-requested.v1',
  description: 'The customer of a loop is to be told of an improvement',
  data: NoticeRequested,
  key: ({ loopId }) => loopId,
});
