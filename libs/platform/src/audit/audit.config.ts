import { IsOptional, MinLength } from 'class-validator';

import { FromEnv } from '../configuration.js';

export class AuditConfig {
  /**
   * Keys the hashes of personal values; the same for all services and replicas, and kept apart from the databases. Without it a process
   * draws one of its own: nothing can be guessed, and nothing be compared once it has ended.
   */
  @FromEnv('AUDIT_HASH_KEY')
  @IsOptional()
  @MinLength(32)
  hashKey?: string;
}
