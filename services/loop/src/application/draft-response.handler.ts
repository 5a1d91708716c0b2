import { Injectable } from '@nestjs/common';
import { answeredBy, type Writing } from '../domain/answer.js';
import { LoopStore, type LoopTransaction } from '../domain/loop-store.js';
import { isClosed, type Loop } from '../domain/loop.js';
import { mayCommand, mayRead, type Person } from '../domain/permission.js';
import { LoopConfig } from '../loop.config.js';

export interface GivenDraft {
  readonly text: string;
  readonly feedbackId: string;
  readonly revision: number;
}

/** Who writes an answer now; `heldBy`: somebody else, who began first. */
export interface WritingNow {
  readonly until: Date;
  readonly writing: readonly Writing[];
  readonly heldBy?: string;
}

type Refused =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'not-yours' }
  | { readonly kind: 'refused'; readonly reason: 'closed' | 'not-in-it'; readonly message: string };

export type DraftResult = ({ readonly kind: 'saved'; readonly stale: boolean } & WritingNow) | Refused;
export type WritingResult = ({ readonly kind: 'writing' } & WritingNow) | Refused;

/** Keeps an agent's unfinished answer, and shows who is writing; it moves no loop. */
@Injectable()
export class DraftResponse {
  constructor(
    private readonly store: LoopStore,
    private readonly config: LoopConfig,
  ) {}

  handle(person: Person, loopId: string, { text, feedbackId, revision }: GivenDraft): Promise<DraftResult> {
    return this.store.run<DraftResult>(async (tx, now) => {
      const loop = await this.open(tx, person, loopId);
      if ('kind' in loop) return loop;
      const answered = (await tx.feedbackOf(loopId)).find(({ feedback }) => feedback.feedbackId === feedbackId);
      if (!answered || answered.feedback.revision < revision) {
        return { kind: 'refused', reason: 'not-in-it', message: 'This revision of a feedback is not in this loop.' };
      }
      await tx.saveDraft(loopId, { agent: person.subject, at: now, feedbackId, revision, text });
      const writing = await this.write(tx, person, loopId, now);
      return { kind: 'saved', stale: revision < answered.feedback.revision, ...writing };
    });
  }

  /** Shows that the agent goes on writing. */
  keepWriting(person: Person, loopId: string): Promise<WritingResult> {
    return this.store.run<WritingResult>(async (tx, now) => {
      const loop = await this.open(tx, person, loopId);
      if ('kind' in loop) return loop;
      return { kind: 'writing', ...(await this.write(tx, person, loopId, now)) };
    });
  }

  /** Gives the draft up, where there is one. False: no such loop, or none that the person answers. */
  discard(person: Person, loopId: string): Promise<boolean> {
    return this.store.run(async (tx, now) => {
      const loop = await tx.find(loopId);
      if (!loop || !mayRead(person, loop)) return false;
      // it lies in the archive with a loop that was closed long ago: the lock brings both back
      if (isClosed(loop.state)) await tx.lock(loopId);
      await tx.deleteDraft(loopId, person.subject);
      await tx.stopWriting(loopId, [person.subject], now);
      return true;
    });
  }

  private async open(tx: LoopTransaction, person: Person, loopId: string): Promise<Loop | Refused> {
    const loop = await tx.find(loopId);
    if (!loop || !mayRead(person, loop)) return { kind: 'unknown' };
    if (!mayCommand(person, loop, 'respond')) return { kind: 'not-yours' };
    if (isClosed(loop.state)) return { kind: 'refused', reason: 'closed', message: `The loop is ${loop.state}.` };
    return loop;
  }

  private async write(tx: LoopTransaction, person: Person, loopId: string, now: Date): Promise<WritingNow> {
    const until = new Date(now.getTime() + this.config.writingLeaseSeconds * 1000);
    await tx.keepWriting(loopId, person.subject, now, until);
    const writing = await tx.writingOf(loopId, now);
    const heldBy = answeredBy(writing, person.subject, now);
    return { until, writing, ...(heldBy !== undefined && { heldBy }) };
  }
}
