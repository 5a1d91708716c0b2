import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type WebhookMapping } from '../domain/webhook-connectors.js';

@Entity({ name: 'webhook_connector' })
export class WebhookConnectorEntity {
  @PrimaryColumn({ type: 'text' }) name!: string;
  @Column({ type: 'text' }) source!: string;
  @Column({ type: 'text' }) mapping!: WebhookMapping;
  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' }) createdAt!: Date;
  @Column({ name: 'created_by', type: 'text' }) createdBy!: string;
}

@Entity({ name: 'webhook_secret' })
export class WebhookSecretEntity {
  @PrimaryColumn({ type: 'uuid' }) id!: string;
  @Column({ type: 'text' }) connector!: string;
  /** As SecretBox writes it. */
  @Column({ type: 'bytea' }) sealed!: Buffer;
  @Column({ name: 'created_at', type: 'timestamptz', default: () => 'now()' }) createdAt!: Date;
  @Column({ name: 'expires_at', type: 'timestamptz', nullable: true }) expiresAt!: Date | null;
}
