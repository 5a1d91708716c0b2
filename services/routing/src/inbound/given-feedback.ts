import {
  canonicalJson,
  deriveId,
  Feedback,
  feedbackIdOf,
  memberPointer,
  requestValidatorOf,
  sha256,
  Tags,
  type Violation,
} from '@closeloop/contracts';
import type { Tagged } from '../application/dry-run.handler.js';

const violationsOfFeedback = requestValidatorOf(Feedback);
const violationsOfTags = requestValidatorOf(Tags);

type Members = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const under = (name: string, violations: readonly Violation[] | undefined): readonly Violation[] =>
  (violations ?? []).map((violation) => ({ ...violation, pointer: memberPointer('', name) + violation.pointer }));

/** What every feedback has, and whoever tries rules on one need not write. */
function completed(given: Members): Members {
  const { source = 'given', externalId } = given;
  const contentHash = sha256(canonicalJson(given));
  const feedbackId =
    typeof source === 'string' && typeof externalId === 'string'
      ? feedbackIdOf(source, externalId)
      : deriveId('given', contentHash);
  return {
    ...{ feedbackId, revision: 1, kind: 'created', contentHash, source, channel: 'api', historic: false },
    ...{ receivedAt: new Date().toISOString(), ...given },
  };
}

const whole = (tags: Members): Members => ({
  ...{ language: { tag: 'und', confidence: 0 }, model: 'given', taggedBy: 'human', ...tags },
});

/** A feedback, or `{feedback, tags}` such as an event has them; what is not said gets the usual value. Or what is wrong with it. */
export function taggedFrom(value: unknown): Tagged | { readonly violations: readonly Violation[] } {
  if (!isObject(value)) {
    return { violations: [{ pointer: '', rule: 'isObject', message: 'This is to be an object' }] };
  }
  const nested = 'feedback' in value;
  const [given, tags] = nested ? [value['feedback'], value['tags'] ?? null] : [value, null];
  if (!isObject(given)) {
    return { violations: [{ pointer: '/feedback', rule: 'isObject', message: 'feedback is to be an object' }] };
  }
  if (tags !== null && !isObject(tags)) {
    return { violations: [{ pointer: '/tags', rule: 'isObject', message: 'tags is to be an object' }] };
  }
  const [feedback, allTags] = [completed(given), tags && whole(tags)];
  const wrong = violationsOfFeedback(feedback);
  const violations = [
    ...(nested ? under('feedback', wrong) : (wrong ?? [])),
    ...under('tags', allTags ? violationsOfTags(allTags) : undefined),
  ];
  if (violations.length > 0) return { violations };
  return { feedback: feedback as unknown as Feedback, tags: allTags as unknown as Tags | null };
}
