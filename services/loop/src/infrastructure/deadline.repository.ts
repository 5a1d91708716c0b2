import { Injectable } from '@nestjs/common';
import { type LoopChanged } from '@closeloop/contracts';
import { Outbox } from '@closeloop/messaging';
import { DataSource, type EntityManager } from 'typeorm';
import { DeadlineStore, type DeadlineTransaction, type DueLoop } from '../domain/deadline-store.js';
import { type Deadline, deadlinesOf } from '../domain/deadline.js';
import { outgoing } from '../domain/loop-changed.js';
import { type Step } from '../domain/settlement.js';
import { KeptSlaBook } from './sla-book.repository.js';
import { loopColumns, type LoopEntity, loopOf } from './loop.entity.js';
import { appendHistory, setDeadlines, writeLoops, type Move } from './loop.statement.js';
import { inboxEventsOf } from './step.statement.js';

/** A frozen replica must not hold its loops: the server gives it up after this long. */
const idleInTransactionMs = 5_000;

@Injectable()
export class DeadlineRepository extends DeadlineStore {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outbox: Outbox,
    private readonly book: KeptSlaBook,
  ) {
    super();
  }

  override async run<T>(work: (tx: DeadlineTransaction, now: Date) => Promise<T>): Promise<T> {
    this.outbox.assertRoom();
    const result = await this.dataSource.transaction(async (manager) => {
      const [row] = await manager.query<{ now: Date }[]>(
        `select date_trunc('milliseconds', clock_timestamp()) as now,
            set_config('idle_in_transaction_session_timeout', $1, true)`,
        [String(idleInTransactionMs)],
      );
      return work(new PostgresDeadlines(manager, this.outbox, this.book), row!.now);
    });
    this.outbox.wake();
    return result;
  }

  override async untilNext(): Promise<number | undefined> {
    const [row] = await this.dataSource.query<{ wait: number | null }[]>(
      `select (extract(epoch from min(due_at) - clock_timestamp()) * 1000)::float8 as wait from deadline`,
    );
    return row?.wait ?? undefined;
  }
}

class PostgresDeadlines implements DeadlineTransaction {
  constructor(
    private readonly manager: EntityManager,
    private readonly outbox: Outbox,
    private readonly book: KeptSlaBook,
  ) {}

  async lockDue(now: Date, limit: number): Promise<DueLoop[]> {
    // The loop is locked, not its deadline: whoever moves a loop holds the loop first, and would wait the other way round.
    const rows = await this.manager.query<(LoopEntity & Deadline)[]>(
      `select ${loopColumns}, kind, due_at "dueAt" from deadline join loop using (loop_id)
        where due_at <= $1 order by due_at limit $2 for update of loop skip locked`,
      [now, limit],
    );
    if (rows.length === 0) await this.dropWhatHasNoLoop(now);
    const due = new Map<string, { loop: DueLoop['loop']; due: Deadline[] }>();
    for (const row of rows) {
      const { kind, dueAt } = row;
      const known = due.get(row.loopId);
      if (known) known.due.push({ kind, dueAt });
      else due.set(row.loopId, { loop: loopOf(row), due: [{ kind, dueAt }] });
    }
    await this.book.withTerms(
      this.manager,
      [...due.values()].map(({ loop }) => loop),
    );
    return [...due.values()];
  }

  /** Left by a loop that went into the archive before they were due: there they could be found by their time alone. */
  private async dropWhatHasNoLoop(now: Date): Promise<void> {
    await this.manager.query(
      `delete from deadline where due_at <= $1 and not exists (select from loop where loop.loop_id = deadline.loop_id)`,
      [now],
    );
  }

  async save(moved: readonly Move[], steps: readonly Step[]): Promise<void> {
    await writeLoops(this.manager, [], moved, this.book);
    await appendHistory(this.manager, steps, this.book);
  }

  async correct(due: readonly DueLoop[]): Promise<void> {
    await setDeadlines(
      this.manager,
      due.flatMap(({ loop }) =>
        deadlinesOf(loop, this.book.termsOf(loop)).map((deadline) => ({ ...deadline, loopId: loop.loopId })),
      ),
      due.flatMap(({ loop: { loopId }, due: found }) => found.map((deadline) => ({ ...deadline, loopId }))),
    );
  }

  async tell(events: readonly LoopChanged[]): Promise<void> {
    await this.outbox.append(this.manager, [...events.map(outgoing), ...(await inboxEventsOf(this.manager, events))]);
  }
}
