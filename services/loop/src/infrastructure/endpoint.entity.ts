import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type Digest, type EndpointKind } from '../domain/endpoint.js';

@Entity('endpoint')
export class EndpointEntity {
  @PrimaryColumn('uuid', { name: 'endpoint_id' }) endpointId!: string;
  @Column('text') team!: string;
  @Column('text') kind!: EndpointKind;
  /** Of Slack its origin alone */
  @Column('text', { nullable: true }) url!: string | null;
  @Column('text', { array: true, nullable: true }) addresses!: string[] | null;
  @Column('text', { array: true }) selected!: string[];
  /** What was selected, unfolded; null: everything */
  @Column('text', { array: true, nullable: true }) changes!: string[] | null;
  @Column('jsonb', { nullable: true }) digest!: Digest | null;
  @Column('timestamptz', { name: 'next_digest_at', nullable: true }) nextDigestAt!: Date | null;
  @Column('timestamptz', { name: 'paused_at', nullable: true }) pausedAt!: Date | null;
  @Column('text', { name: 'paused_by', nullable: true }) pausedBy!: string | null;
  /** In a row */
  @Column('integer') failures!: number;
  @Column('timestamptz', { name: 'open_until', nullable: true }) openUntil!: Date | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('text', { name: 'created_by' }) createdBy!: string;
  @Column('timestamptz', { name: 'deleted_at', nullable: true }) deletedAt!: Date | null;
}

/** A key that signs; of Slack the address. */
@Entity('endpoint_secret')
export class EndpointSecretEntity {
  @PrimaryColumn('uuid', { name: 'secret_id' }) secretId!: string;
  @Column('uuid', { name: 'endpoint_id' }) endpointId!: string;
  /** As SecretBox writes it */
  @Column('bytea') sealed!: Buffer;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'expires_at', nullable: true }) expiresAt!: Date | null;
}

/** What a secret is sealed with: it opens nowhere else. */
export const placeOf = (endpointId: string, secretId: string): string =>
  JSON.stringify(['endpoint', endpointId, secretId]);
