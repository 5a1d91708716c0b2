import { IsTimestamp, Nested } from '@closeloop/contracts';
import { IsIn, IsOptional, IsString, IsUUID, MaxLength } from 'class-validator';
import { evidenceKinds, type EvidenceKind } from '../application/record-evidence.handler.js';
import { evidenceTypes, type EvidenceType } from '../domain/loop.js';

export class EvidenceBody {
  @IsIn(evidenceTypes) type!: EvidenceType;
  /** What the customer said */
  @IsOptional() @IsString() @MaxLength(20_000) text?: string;
  /** When */
  @IsOptional() @IsTimestamp() at?: string;
}

/** A customer's word on what was done, as a connector heard it. */
export class EvidenceRequest {
  @IsUUID() feedbackId!: string;
  @IsIn(evidenceKinds) kind!: EvidenceKind;
  @Nested(() => EvidenceBody) evidence!: EvidenceBody;
}
