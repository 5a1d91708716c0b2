import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type SlaDocument } from '../domain/sla/document.js';

/** A version of what is promised; never changes. */
@Entity('sla_settings')
export class SlaSettingsEntity {
  @PrimaryColumn('integer') version!: number;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('text', { name: 'created_by' }) createdBy!: string;
  @Column('text', { nullable: true }) reason!: string | null;
  @Column('json') document!: SlaDocument;
}
