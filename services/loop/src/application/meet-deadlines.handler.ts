import { Injectable } from '@nestjs/common';
import { DeadlineStore, type DueLoop } from '../domain/deadline-store.js';
import { commandOf, type DeadlineKind } from '../domain/deadline.js';
import { stepTaken } from '../domain/loop-changed.js';
import { decide, evolve, Refusal, type Loop } from '../domain/loop.js';
import { SlaBook } from '../domain/sla/sla-book.js';
import { type Step } from '../domain/settlement.js';

/** Most loops of one transaction: a frozen replica holds no more than these. */
const batch = 200;

/** Does what time does to loops, once for each deadline and never before it. */
@Injectable()
export class MeetDeadlines {
  constructor(
    private readonly store: DeadlineStore,
    private readonly book: SlaBook,
  ) {}

  /**
   * One batch of what is due, in a transaction of its own. @returns the loops that were looked at, and what was done
   * @throws BackPressure while too much waits to be sent
   */
  handle(limit = batch): Promise<{ readonly loops: number; readonly met: readonly DeadlineKind[] }> {
    return this.store.run(async (tx, now) => {
      const due = await tx.lockDue(now, limit);
      const moved: { before: Loop; loop: Loop }[] = [];
      const steps: Step[] = [];
      const outdated: DueLoop[] = [];
      const met: DeadlineKind[] = [];
      for (const found of due) {
        const { loop: before } = found;
        let loop = before;
        for (const { kind } of found.due) {
          const decided = decide(loop, commandOf(kind, loop, now, this.book), this.book.termsOf(loop));
          // what was found due and is void by now: the loop went on, or is promised this already
          if (decided instanceof Refusal) continue;
          for (const event of decided) steps.push({ event, loop: (loop = evolve(loop, event)) });
          met.push(kind);
        }
        if (loop !== before) moved.push({ before, loop });
        if (loop === before || found.due.some(({ kind }) => kind === 'terms')) outdated.push({ ...found, loop });
      }
      await tx.save(moved, steps);
      await tx.correct(outdated);
      await tx.tell(steps.map((step) => stepTaken(step, this.book)));
      return { loops: due.length, met };
    });
  }
}
