import { canonicalJson } from '@closeloop/contracts';
import { Injectable } from '@nestjs/common';
import type { Actor } from '../domain/actor.js';
import { correctTags, type TagCorrection } from '../domain/correction/correct-tags.js';
import { TaggedStore, type TaggedFeedback } from '../domain/tagged-store.js';

/** Which tags somebody has seen. */
export interface SeenTags {
  readonly revision: number;
  readonly tagRevision: number;
}

export type Corrected =
  /** `already`: they stood so before, by a person's word */
  | { readonly kind: 'corrected' | 'already'; readonly tagged: TaggedFeedback }
  | { readonly kind: 'conflict'; readonly tagged: TaggedFeedback }
  | { readonly kind: 'unknown' };

/** A person says what is right: a new revision of the tags, told to all who read them, and kept to learn from. */
@Injectable()
export class CorrectTags {
  constructor(private readonly store: TaggedStore) {}

  /**
   * @param seen undefined: whatever stands
   * @throws BackPressure while too much waits to be sent
   */
  handle(by: Actor, feedbackId: string, said: TagCorrection, seen?: SeenTags): Promise<Corrected> {
    return this.store.run(async (tx, now): Promise<Corrected> => {
      const [before] = await tx.lock([feedbackId]);
      if (!before) return { kind: 'unknown' };
      const { feedback, tagRevision, tags } = before;
      const isSeen = !seen || (seen.revision === feedback.revision && seen.tagRevision === tagRevision);
      if (!isSeen) return { kind: 'conflict', tagged: before };
      const corrected = correctTags(tags, said, feedback);
      // Sent twice, said once
      if (tags.taggedBy === 'human' && canonicalJson(corrected) === canonicalJson(tags)) {
        return { kind: 'already', tagged: before };
      }
      const tagged = { feedback, tagRevision: tagRevision + 1, tags: corrected };
      const { revision } = feedback;
      await tx.noteCorrection(
        before,
        tagged,
        { revision, tagRevision: tagged.tagRevision, by: by.subject, at: now, said },
        by,
      );
      await tx.retag([tagged]);
      return { kind: 'corrected', tagged };
    });
  }
}
