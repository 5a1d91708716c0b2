import type { LoopWish, Priority } from '@closeloop/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('rule')
export class RuleEntity {
  @PrimaryColumn('integer', { name: 'rule_set_version' }) ruleSetVersion!: number;
  /** From 0, without gaps; the first that matches wins */
  @PrimaryColumn('integer') position!: number;
  @Column('text') name!: string;
  @Column('text', { name: 'condition' }) when!: string;
  @Column('text') team!: string;
  @Column('text') priority!: Priority;
  @Column('text', { name: 'sla_policy' }) slaPolicy!: string;
  @Column('text', { array: true }) labels!: string[];
  @Column('text') loop!: LoopWish;
  @Column('boolean', { name: 'include_historic' }) includeHistoric!: boolean;
}
