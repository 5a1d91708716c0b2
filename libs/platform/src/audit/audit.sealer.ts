import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { DataSource, type EntityManager } from 'typeorm';

import { BackgroundTimer } from '../background.timer.js';
import { type AuditHead, type AuditRow, hashOf } from './audit-chain.js';
import { rowColumns, timeText } from './audit-rows.js';
import { AuditLog } from './audit.log.js';

/** Between looks while people change things, and while nobody does: another process may have written. */
const busyMs = 1_000;
const idleMs = 5_000;
/** What was appended is committed within this, or a look of the idle ones finds it. */
const stillBusyMs = 10_000;
const atOnce = 1_000;
/** A frozen replica must not hold the head: the server gives it up after this long. */
const idleInTransactionMs = 5_000;

/** In the order of its own index, so that no other is read. */
export const oneWaits = 'select 1 from audit_log where seal is null order by action limit 1';

/**
 * Chains what was committed. Places are given here, one after the other and by one at a time, not when a row is written: a row with a
 * lower id may be committed later, and then comes later in the chain.
 */
@Injectable()
export class AuditSealer extends BackgroundTimer {
  #appendedAt = -Infinity;

  constructor(
    private readonly dataSource: DataSource,
    log: AuditLog,
    host: HttpAdapterHost,
  ) {
    super('Audit', host);
    log.onAppend(() => {
      this.#appendedAt = performance.now();
      this.lookWithin(busyMs);
    });
  }

  protected override async look(): Promise<number> {
    const waiting = await this.dataSource.query<unknown[]>(oneWaits);
    if (waiting.length > 0) await this.seal();
    const isBusy = waiting.length > 0 || performance.now() - this.#appendedAt < stillBusyMs;
    return isBusy ? busyMs : idleMs * (0.8 + Math.random() / 5);
  }

  /** @returns how many it sealed; 0 where another replica seals at this moment */
  seal(): Promise<number> {
    return this.dataSource.transaction(async (manager) => {
      const [head] = await manager.query<(AuditHead & { sealedAt: string })[]>(
        `select seal::float8 as seal, encode(hash, 'hex') as hash, ${timeText("date_trunc('milliseconds', now())")} as "sealedAt",
           set_config('idle_in_transaction_session_timeout', $1, true)
         from audit_head for update skip locked`,
        [String(idleInTransactionMs)],
      );
      if (!head) return 0;
      let { seal, hash } = head;
      let last = '0';
      for (let more = true; more;) {
        // Past what this transaction has sealed, which its index still has. A lower id that is committed meanwhile is the next look's.
        const rows = await manager.query<AuditRow[]>(
          `select ${rowColumns} from audit_log where seal is null and audit_log.id > $1::bigint
           order by audit_log.id limit ${atOnce}`,
          [last],
        );
        last = rows.at(-1)?.id ?? last;
        const hashes = rows.map((row) => (hash = hashOf(hash, row, head.sealedAt)));
        if (rows.length > 0) await write(manager, rows, hashes, seal, head.sealedAt);
        seal += rows.length;
        more = rows.length === atOnce;
      }
      return seal - head.seal;
    });
  }
}

async function write(
  manager: EntityManager,
  rows: readonly AuditRow[],
  hashes: readonly string[],
  after: number,
  sealedAt: string,
): Promise<void> {
  await manager.query(
    `update audit_log set seal = $3::bigint + place, hash = decode(given.hash, 'hex'), sealed_at = $4
     from unnest($1::bigint[], $2::text[]) with ordinality as given (id, hash, place)
     where audit_log.id = given.id`,
    [rows.map(({ id }) => id), hashes, after, sealedAt],
  );
  await manager.query(`update audit_head set seal = $1, hash = decode($2, 'hex')`, [
    after + rows.length,
    hashes.at(-1),
  ]);
}
