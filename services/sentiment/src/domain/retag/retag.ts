import { canonicalJson, type Tags } from '@closeloop/contracts';

/** What is to be tagged anew: feedback received from..to, by a chosen model, at most so many a second over all replicas. */
export interface Retag {
  readonly retagId: string;
  /** undefined: what ships alone */
  readonly version: string | undefined;
  /** As the tags name it */
  readonly model: string;
  readonly from: Date;
  /** Exclusive */
  readonly to: Date;
  readonly perSecond: number;
  readonly askedBy: string;
  readonly askedAt: Date;
  readonly state: 'running' | 'done' | 'stopped';
  readonly endedAt?: Date;
  readonly counts: RetagCounts;
}

export interface RetagCounts {
  /** Feedback that was looked at */
  readonly lookedAt: number;
  /** That got a new revision of its tags; the others had the same ones by the same model */
  readonly retagged: number;
  /** Of those retagged: with another sentiment, intent, urgency or topics */
  readonly changed: number;
  /** Left alone, as a person has said what is right */
  readonly leftHuman: number;
  /** Left alone, as the model could not judge them: a fault of ours, which holds up nobody else */
  readonly failed: number;
}

/** What of tags routes a feedback: their labels, without how sure they are. */
const labelsOf = ({ sentiment, intent, topics, urgency }: Tags): string =>
  canonicalJson([sentiment?.label, intent?.name, (topics ?? []).map(({ name }) => name).sort(), urgency?.level]);

export interface JudgedAnew {
  /** undefined: those before stay */
  readonly tags?: Tags;
  readonly what: keyof RetagCounts | 'same';
  readonly error?: unknown;
}

/** What becomes of tags when a model judges anew. What a person has said stands. */
export function judgeAnew(before: Tags, tag: () => Tags): JudgedAnew {
  if (before.taggedBy === 'human') return { what: 'leftHuman' };
  let tags: Tags;
  try {
    tags = tag();
  } catch (error) {
    return { what: 'failed', error };
  }
  if (canonicalJson(tags) === canonicalJson(before)) return { what: 'same' };
  return { tags, what: labelsOf(tags) === labelsOf(before) ? 'retagged' : 'changed' };
}
