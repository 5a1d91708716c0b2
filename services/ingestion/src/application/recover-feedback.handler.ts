import { canonicalJson, sha256, type FeedbackReceived } from '@closeloop/contracts';
import { type LoggedRevision, type Recovery } from '../domain/recovery.js';

export interface Recovered {
  /** Revisions that were entered */
  entered: number;
  known: number;
  /** Revisions whose number has another content in the store */
  other: number;
  /** Events whose content is not what their hash says: nobody's but a stranger's */
  strange: number;
}

/** Enters what was accepted and stands in the log, where the store was set back. Harmless twice. */
export class RecoverFeedback {
  readonly sum: Recovered = { entered: 0, known: 0, other: 0, strange: 0 };

  constructor(private readonly store: { enter(logged: readonly LoggedRevision[]): Promise<Recovery> }) {}

  async handle(events: readonly FeedbackReceived[]): Promise<void> {
    const logged = events.map(loggedOf).filter(({ contentHash, canonical }) => contentHash === sha256(canonical));
    this.sum.strange += events.length - logged.length;
    if (logged.length === 0) return;
    const { entered, known, other } = await this.store.enter(logged);
    this.sum.entered += entered.length;
    this.sum.known += known;
    this.sum.other += other.length;
  }
}

function loggedOf({ revision, contentHash, receivedAt, ...content }: FeedbackReceived): LoggedRevision {
  const { feedbackId, source, kind, updatedAt } = content;
  return {
    ...{ feedbackId, source, kind, revision, contentHash, content, canonical: canonicalJson(content) },
    receivedAt: Date.parse(receivedAt),
    ...(updatedAt && { updatedAt: Date.parse(updatedAt) }),
  };
}
