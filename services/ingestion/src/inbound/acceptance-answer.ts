import { Problem } from '@closeloop/platform';
import { type AcceptanceResult } from '../application/accept-feedback.js';
import { foreignSource, tooLong } from '../domain/candidate.js';

type Accepted = Exclude<AcceptanceResult, { result: 'rejected' }>;

/** What a feedback that was sent alone is answered with. */
export interface SingleAnswer {
  /** 202 for accepted and revised, 200 for duplicate and stale */
  readonly status: 200 | 202;
  readonly body: Accepted;
}

/** One of many, by its place among them, from 0. */
export type ManyAnswer = { readonly index: number } & (
  Accepted | { readonly result: 'rejected'; readonly problem: ReturnType<Problem['document']> }
);

const problemFor = ({ errors }: AcceptanceResult & { result: 'rejected' }): Problem => {
  const broken = (rule: string): boolean => errors.some((error) => error.rule === rule);
  if (broken(foreignSource)) return new Problem('forbidden', 'This key may not speak for that source.', { errors });
  if (broken(tooLong)) return new Problem('too-large', 'The feedback is too large.', { errors });
  return new Problem('invalid', 'The feedback is not valid.', { errors });
};

/** @throws Problem `invalid`, `forbidden` or `too-large` for one that was rejected. */
export function answerFor(result: AcceptanceResult): SingleAnswer {
  if (result.result === 'rejected') throw problemFor(result);
  return { status: result.result === 'accepted' || result.result === 'revised' ? 202 : 200, body: result };
}

export const answersFor = (results: readonly AcceptanceResult[]): ManyAnswer[] =>
  results.map((result, index) =>
    result.result === 'rejected'
      ? { index, result: 'rejected', problem: problemFor(result).document() }
      : { index, ...result },
  );
