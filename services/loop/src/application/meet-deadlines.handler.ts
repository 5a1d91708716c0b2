import { Injectable, Logger } from '@nestjs/common';
import { DeadlineStore, type DueLoop } from '../domain/deadline-store.js';
import { commandOf, deadlinesOf, type DeadlineKind } from '../domain/deadline.js';
import { stepTaken } from '../domain/loop-changed.js';
import { decide, evolve, Refusal, type Loop } from '../domain/loop.js';
import { type Step } from '../domain/settlement.js';

/** Most loops of one transaction: a frozen replica holds no more than these. */
const batch = 200;

/** Does what time does to loops, once for each deadline and never before it. */
@Injectable()
export class MeetDeadlines {
  private readonly logger = new Logger('Deadlines');

  constructor(private readonly store: DeadlineStore) {}

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
        for (const deadline of deadlinesOf(before)) {
          if (deadline.dueAt > now) continue;
          const decided = decide(loop, commandOf(deadline, now));
          if (decided instanceof Refusal) {
            this.logger.warn(`${deadline.kind} of loop ${loop.loopId} was due and is refused: ${decided.message}`);
            continue;
          }
          for (const event of decided) steps.push({ event, loop: (loop = evolve(loop, event)) });
          met.push(deadline.kind);
        }
        if (loop !== before) moved.push({ before, loop });
        else outdated.push(found);
      }
      await tx.save(moved, steps);
      await tx.correct(outdated);
      await tx.tell(steps.map((step) => stepTaken(step)));
      return { loops: due.length, met };
    });
  }
}
