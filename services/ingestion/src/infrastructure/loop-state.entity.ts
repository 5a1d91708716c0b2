import { Column, Entity, PrimaryColumn } from 'typeorm';
import { type LoopState, type Priority } from '@closeloop/contracts';

/** Where a loop stands, once for all feedback in it. */
@Entity({ name: 'loop_state' })
export class LoopStateEntity {
  @PrimaryColumn({ name: 'loop_id', type: 'uuid' }) loopId!: string;
  @Column({ type: 'integer' }) version!: number;
  @Column({ type: 'text' }) state!: LoopState;
  @Column({ type: 'integer' }) cycle!: number;
  @Column({ type: 'text' }) team!: string;
  @Column({ type: 'text' }) priority!: Priority;
  /** Of the feedback that opened it; empty until known */
  @Column({ type: 'text' }) source!: string;
  @Column({ name: 'changed_at', type: 'timestamptz' }) changedAt!: Date;
}
