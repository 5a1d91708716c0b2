import { Injectable } from '@nestjs/common';
import { ArchiveConfig } from '../archive.config.js';
import { ArchiveStore } from '../domain/archive-store.js';
import { ConcurrentChange } from '../domain/concurrent-change.js';

/** Most loops of one transaction: it is over in a fraction of a second. */
const batch = 200;

export interface Archived {
  readonly loops: number;
  /** Months that were dropped, as `2026-05-01` */
  readonly months: readonly string[];
  /** Whether there is more to do at once */
  readonly isMore: boolean;
}

/** Keeps what is worked on small: moves what was closed long ago, and drops what was closed longer ago than is to be kept. */
@Injectable()
export class ArchiveLoops {
  constructor(
    private readonly store: ArchiveStore,
    private readonly config: ArchiveConfig,
  ) {}

  /** A batch of each, in transactions of their own: who is killed between two has done the one and not the other. */
  async handle(limit = batch): Promise<Archived> {
    const { afterDays, retentionDays } = this.config;
    const loops = afterDays === 0 ? 0 : await this.move(afterDays, limit);
    const months = retentionDays === undefined ? [] : await this.store.detach(retentionDays);
    const cleared = await this.store.clear(limit);
    return { loops, months, isMore: loops === limit || cleared === limit };
  }

  private async move(afterDays: number, limit: number): Promise<number> {
    try {
      return await this.store.archive(afterDays, limit);
    } catch (error) {
      // somebody erased words at that moment: next time
      if (error instanceof ConcurrentChange) return 0;
      throw error;
    }
  }
}
