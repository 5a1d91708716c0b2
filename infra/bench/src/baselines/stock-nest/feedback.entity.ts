import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { type AuthorDto, type RatingDto } from './feedback.dto.js';

@Entity('feedback')
export class FeedbackEntity {
  @PrimaryGeneratedColumn('uuid', { name: 'feedback_id' }) feedbackId!: string;
  @Column('text', { name: 'external_id', unique: true }) externalId!: string;
  @Column('text') channel!: string;
  @Column('text', { nullable: true }) text?: string;
  @Column('jsonb', { nullable: true }) rating?: RatingDto;
  @Column('jsonb', { nullable: true }) author?: AuthorDto;
  @Column('text', { name: 'customer_key', nullable: true }) customerKey?: string;
  @Column('text', { nullable: true }) product?: string;
  @Column('text', { nullable: true }) touchpoint?: string;
  @Column('text', { name: 'journey_stage', nullable: true }) journeyStage?: string;
  @Column('timestamptz', { name: 'occurred_at', nullable: true }) occurredAt?: string;
  @CreateDateColumn({ type: 'timestamptz', name: 'received_at' }) receivedAt!: Date;
}
