import { IsNullable, IsTimestamp, loopStates, Nested, settlementOutcomes, type LoopState } from '@closeloop/contracts';
import { ArrayMaxSize, IsArray, IsIn, IsInt, IsOptional, IsUUID, Min } from 'class-validator';

class LedgerLoopRequest {
  @IsIn(loopStates) state!: LoopState;
  @IsInt() @Min(1) version!: number;
}

/** What the ledger says of one feedback, as ingestion's `GET /v1/reconciliation` lists it. */
export class LedgerRowRequest {
  @IsUUID() feedbackId!: string;
  @IsInt() @Min(1) acceptedRevision!: number;
  @IsInt() @Min(0) settledRevision!: number;
  @IsInt() @Min(0) settlement!: number;
  @IsNullable() @IsIn(settlementOutcomes) outcome!: (typeof settlementOutcomes)[number] | null;
  @IsNullable() @IsUUID() loopId!: string | null;
  @IsNullable() @Nested(() => LedgerLoopRequest) loop!: LedgerLoopRequest | null;
  @IsInt() @Min(0) openLetterRevision!: number;
  @IsOptional() @IsTimestamp() acceptedAt?: string;
}

/** The part of all feedback that the rows are all of: what is here and not among them is told too. */
export class ReconciliationRangeRequest {
  /** The last feedbackId of the page before */
  @IsOptional() @IsUUID() after?: string;
  /** The last feedbackId of this page; none on the last page */
  @IsOptional() @IsUUID() upTo?: string;
  /** Received then or later */
  @IsOptional() @IsTimestamp() from?: string;
  /** Received before that */
  @IsOptional() @IsTimestamp() to?: string;
}

/** A page of the ledger. */
export class ReconciliationRequest {
  @IsArray() @ArrayMaxSize(1000) @Nested(() => LedgerRowRequest, { each: true }) rows!: LedgerRowRequest[];
  @IsOptional() @Nested(() => ReconciliationRangeRequest) range?: ReconciliationRangeRequest;
}
