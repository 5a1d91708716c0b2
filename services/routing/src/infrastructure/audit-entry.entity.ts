import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

/** Who changed what, and when; rows are only ever added. */
@Entity('audit_entry')
export class AuditEntryEntity {
  @PrimaryGeneratedColumn('identity', { type: 'bigint' }) id!: string;
  @Column('timestamptz', { default: () => 'now()' }) at!: Date;
  @Column('text') actor!: string;
  @Column('text') action!: 'team-created' | 'team-removed' | 'rule-set-activated';
  /** Name of the team, or version of the rule set */
  @Column('text') subject!: string;
}
