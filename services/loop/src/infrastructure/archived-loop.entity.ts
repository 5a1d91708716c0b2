import { Entity } from 'typeorm';
import { LoopEntity } from './loop.entity.js';

/** A loop that was closed long ago: the columns that lists go by. Its history and words are read by statements. */
@Entity('loop_archive')
export class ArchivedLoopEntity extends LoopEntity {}
