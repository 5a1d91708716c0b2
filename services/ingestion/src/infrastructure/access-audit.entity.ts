import { Column, Entity, type EntityManager, PrimaryGeneratedColumn } from 'typeorm';

/** Who let whom in, and when: one row for each key or connector that was made, changed or taken away,
 * and for each dead letter whose content was shown. */
@Entity({ name: 'access_audit' })
export class AccessAuditEntity {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) id!: string;
  @Column({ type: 'timestamptz', default: () => 'now()' }) at!: Date;
  @Column({ type: 'text' }) actor!: string;
  @Column({ type: 'text' }) action!: AuditedAction;
  @Column({ type: 'text' }) subject!: string;
  @Column({ type: 'jsonb' }) details!: Record<string, unknown>;
}

export type AuditedAction =
  | 'api-key.created'
  | 'api-key.revoked'
  | 'webhook-connector.created'
  | 'webhook-connector.rotated'
  | 'webhook-connector.deleted'
  | 'dead-letter.read';

/** Writes one row in the transaction of the change that it tells of. */
export async function audit(
  tx: EntityManager,
  entry: { actor: string; action: AuditedAction; subject: string; details: Record<string, unknown> },
): Promise<void> {
  await tx.insert(AccessAuditEntity, { ...entry, details: entry.details as never });
}
