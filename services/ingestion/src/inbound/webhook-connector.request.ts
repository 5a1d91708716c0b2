import { sourcePattern } from '@closeloop/contracts';
import { IsIn, IsInt, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator';
import { type WebhookMapping, webhookMappings } from '../domain/webhook-connectors.js';

/** A sender of signed webhooks, and what its feedback counts as. */
export class WebhookConnectorRequest {
  /** Last part of the address that the sender is given */
  @Matches(/^[a-z0-9][a-z0-9-]{0,63}$/) name!: string;
  @Matches(sourcePattern) source!: string;
  /** How its payload becomes feedback; `feedback-input.v1` unless told otherwise. */
  @IsOptional() @IsIn(webhookMappings) mapping?: WebhookMapping;
  /** The sender's own secret, `whsec_…`; without one, a secret is drawn and shown once. */
  @IsOptional() @IsString() @MaxLength(100) secret?: string;
}

/** A further secret; the ones before it go on for a while. */
export class WebhookSecretRequest {
  /** The sender's own secret, `whsec_…`; without one, a secret is drawn and shown once. */
  @IsOptional() @IsString() @MaxLength(100) secret?: string;
  /** How long the secrets before it stay valid; a day unless told otherwise. */
  @IsOptional() @IsInt() @Min(0) @Max(2_592_000) overlapSeconds?: number;
}
