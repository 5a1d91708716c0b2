import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { ArchiveStore } from '../domain/archive-store.js';
import { archiveLoops, clearDropped, detachMonths } from './archive.statement.js';

/** A frozen replica must not hold its loops: the server gives them up after this long. */
const idleInTransactionMs = 5_000;
/** Taking a month out waits for who reads the archive, and who wants to read it waits behind: no longer than this. */
const lockTimeoutMs = 1_000;

@Injectable()
export class ArchiveRepository extends ArchiveStore {
  constructor(private readonly dataSource: DataSource) {
    super();
  }

  override archive(days: number, limit: number): Promise<number> {
    return this.run((manager) => archiveLoops(manager, days, limit));
  }

  override detach(days: number): Promise<readonly string[]> {
    return this.run((manager) => detachMonths(manager, days));
  }

  override clear(limit: number): Promise<number | undefined> {
    return this.run((manager) => clearDropped(manager, limit));
  }

  override async oldestClosedSeconds(): Promise<number> {
    const [row] = await this.dataSource.query<{ seconds: number | null }[]>(
      `select extract(epoch from clock_timestamp() - min(closed_at))::float8 seconds from loop where closed_at is not null`,
    );
    return row?.seconds ?? 0;
  }

  private run<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(async (manager) => {
      await manager.query(
        `select set_config('idle_in_transaction_session_timeout', $1, true), set_config('lock_timeout', $2, true)`,
        [String(idleInTransactionMs), String(lockTimeoutMs)],
      );
      return work(manager);
    });
  }
}
