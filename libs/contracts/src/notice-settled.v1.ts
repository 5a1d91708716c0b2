import { IsIn, IsOptional, IsUUID, Matches } from 'class-validator';
import { IsTimestamp } from './decorators.js';
import { declareEvent } from './event-declaration.js';

export const noticeOutcomes = ['sent', 'skipped'] as const;
export type NoticeOutcome = (typeof noticeOutcomes)[number];

/** What came of telling a customer of an improvement: the one thing that ever does. */
export class NoticeSettled {
  @IsUUID() noticeId!: string;
  @IsUUID() improvementId!: string;
  @IsUUID() loopId!: string;
  @IsIn(noticeOutcomes) outcome!: NoticeOutcome;
  /** Why nobody was told, for programs: `same-customer`, `opted-out`, `erased`, `not-reachable`…; this list grows */
  @IsOptional() @Matches(/^[a-z][a-z-]{0,39}$/) reason?: string;
  /** How the customer was told: `mail`, `connector` */
  @IsOptional() @Matches(/^[a-z][a-z-]{0,39}$/) way?: string;
  @IsTimestamp() at!: string;
}

export const noticeSettled = declareEvent({
  topic: 'notice-settled.v1',
  description: 'A customer was told of an improvement, or is not told, and why',
  data: NoticeSettled,
  key: ({ loopId }) => loopId,
});
