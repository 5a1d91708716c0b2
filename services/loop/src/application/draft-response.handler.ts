import { Injectable } from '@nestjs/common';
import { LoopStore } from '../domain/loop-store.js';
import { isClosed } from '../domain/loop.js';
import { mayCommand, mayRead, type Person } from '../domain/permission.js';

export interface GivenDraft {
  readonly text: string;
  readonly feedbackId: string;
  readonly revision: number;
}

export type DraftResult =
  | { readonly kind: 'saved'; readonly stale: boolean }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'not-yours' }
  | { readonly kind: 'refused'; readonly reason: 'closed' | 'not-in-it'; readonly message: string };

/** Keeps an agent's unfinished answer; it moves no loop. */
@Injectable()
export class DraftResponse {
  constructor(private readonly store: LoopStore) {}

  handle(person: Person, loopId: string, { text, feedbackId, revision }: GivenDraft): Promise<DraftResult> {
    return this.store.run<DraftResult>(async (tx, now) => {
      const loop = await tx.find(loopId);
      if (!loop || !mayRead(person, loop.team)) return { kind: 'unknown' };
      if (!mayCommand(person, loop.team, 'respond')) return { kind: 'not-yours' };
      if (isClosed(loop.state)) {
        return { kind: 'refused', reason: 'closed', message: `The loop is ${loop.state}.` };
      }
      const answered = (await tx.feedbackOf(loopId)).find(({ feedback }) => feedback.feedbackId === feedbackId);
      if (!answered || answered.feedback.revision < revision) {
        return { kind: 'refused', reason: 'not-in-it', message: 'This revision of a feedback is not in this loop.' };
      }
      await tx.saveDraft(loopId, { agent: person.subject, at: now, feedbackId, revision, text });
      return { kind: 'saved', stale: revision < answered.feedback.revision };
    });
  }
}
