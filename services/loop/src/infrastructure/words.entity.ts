import { Column, Entity, PrimaryColumn } from 'typeorm';

export type WordsKind = 'feedback' | 'response' | 'reason' | 'evidence' | 'draft';

/** What somebody wrote: the one table to erase from. */
@Entity('words')
export class WordsEntity {
  @PrimaryColumn('uuid', { name: 'words_id' }) wordsId!: string;
  @Column('text') kind!: WordsKind;
  @Column('uuid', { name: 'loop_id' }) loopId!: string;
  /** Of the event that they belong to */
  @Column('integer', { nullable: true }) version!: number | null;
  @Column('uuid', { name: 'feedback_id', nullable: true }) feedbackId!: string | null;
  @Column('integer', { nullable: true }) revision!: number | null;
  /** Subject of the agent who wrote a draft */
  @Column('text', { nullable: true }) agent!: string | null;
  @Column('timestamptz') at!: Date;
  @Column('json') body!: object;
}
