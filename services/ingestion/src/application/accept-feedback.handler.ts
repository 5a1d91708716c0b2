import { Injectable } from '@nestjs/common';
import { sha256 } from '@closeloop/contracts';
import { Problem } from '@closeloop/platform';
import { decide, type Standing } from '../domain/acceptance.js';
import {
  Unstorable,
  type AcceptanceChange,
  type AcceptanceTransaction,
  type CountedResult,
  type NewRevision,
  type RequestId,
  type StoredRequest,
} from '../domain/acceptance-store.js';
import { isRefusal, type Candidate, type Refusal } from '../domain/candidate.js';
import { type AcceptanceResult, type RepeatableRequest } from './accept-feedback.js';

/** A submission, judged as far as it can be without the store. */
export type Judged = Candidate | (Refusal & { readonly source: string });

/** The submissions of one request. */
export interface AcceptanceCall {
  readonly judged: readonly Judged[];
  readonly request?: RepeatableRequest;
}

/** Results of a call in the order of its submissions, or why the whole of it is refused. */
export type AcceptanceAnswer = AcceptanceResult[] | Problem;

const idOf = ({ source, key }: RepeatableRequest): RequestId => ({ source, keyHash: sha256(key) });

const answerFrom = (stored: StoredRequest, { fingerprint }: RepeatableRequest): AcceptanceAnswer =>
  stored.fingerprint === fingerprint
    ? (stored.results as AcceptanceResult[])
    : new Problem('invalid', 'This Idempotency-Key was used for another request.', {
        errors: [
          { pointer: '', rule: 'idempotency-key-reuse', message: 'Idempotency-Key was used before, with another body' },
        ],
      });

/**
 * Accepts the submissions of many calls in the transaction it is given, in a fixed number of statements however many
 * they are. Throws `Overtaken` (do it again) and `Unstorable` (one of them is bad; `acceptSingly` tells which).
 */
@Injectable()
export class AcceptFeedbackHandler {
  async accept(transaction: AcceptanceTransaction, calls: readonly AcceptanceCall[]): Promise<AcceptanceAnswer[]> {
    const repeatable = calls.flatMap(({ request }) => (request ? [request] : []));
    const recalled = repeatable.length > 0 ? await transaction.recall(repeatable.map(idOf)) : [];
    const known = new Map(repeatable.map((request, at) => [nameOf(request), recalled[at]]));

    const fresh = new Map<string | AcceptanceCall, AcceptanceCall>();
    for (const call of calls) {
      const name = call.request ? nameOf(call.request) : call;
      if (!(typeof name === 'string' && known.get(name)) && !fresh.has(name)) fresh.set(name, call);
    }
    const judged = await this.judge(transaction, [...fresh.values()]);

    return calls.map((call) => {
      const own = judged.get(call);
      if (own || !call.request) return own!;
      // the same request twice in one group: the second is a repeat of the first
      const name = nameOf(call.request);
      const first = fresh.get(name);
      return answerFrom(
        known.get(name) ?? { fingerprint: first!.request!.fingerprint, results: judged.get(first!) },
        call.request,
      );
    });
  }

  /** As `accept` for one call, but a submission that the store refuses is rejected alone. */
  async acceptSingly(transaction: AcceptanceTransaction, call: AcceptanceCall): Promise<AcceptanceAnswer> {
    const { request } = call;
    const [stored] = request ? await transaction.recall([idOf(request)]) : [];
    if (stored) return answerFrom(stored, request!);
    const results: AcceptanceResult[] = [];
    for (const one of call.judged) {
      const alone = { judged: [one] };
      try {
        const judged = await transaction.attempt(() => this.judge(transaction, [alone]));
        results.push(judged.get(alone)![0]!);
      } catch (error) {
        if (!(error instanceof Unstorable)) throw error;
        const errors = [{ pointer: '', rule: 'storable', message: 'the feedback holds what cannot be stored' }];
        await this.judge(transaction, [{ judged: [{ source: one.source, errors }] }]);
        results.push({ result: 'rejected', errors });
      }
    }
    if (request) {
      const requests = [{ id: idOf(request), fingerprint: request.fingerprint, results }];
      await transaction.save({ now: new Date(0), created: [], changed: [], revisions: [], counts: [], requests });
    }
    return results;
  }

  private async judge(
    transaction: AcceptanceTransaction,
    calls: readonly AcceptanceCall[],
  ): Promise<Map<AcceptanceCall, AcceptanceResult[]>> {
    const candidates = calls.flatMap(({ judged }) => judged.filter((one): one is Candidate => !isRefusal(one)));
    const ids = [...new Set(candidates.map(({ feedbackId }) => feedbackId))].sort();
    const { now, standings } =
      ids.length > 0 ? await transaction.lock(ids) : { now: new Date(0), standings: new Map<string, Standing>() };
    const retried = candidates.filter(
      ({ updatedAt, feedbackId }) => updatedAt === undefined && standings.has(feedbackId),
    );
    const hashes =
      retried.length > 0
        ? await transaction.hashesOf([...new Set(retried.map(({ feedbackId }) => feedbackId))])
        : new Map<string, Set<string>>();

    const current = new Map(standings);
    const sources = new Map<string, string>();
    const revisions: NewRevision[] = [];
    const counts = new Map<string, { source: string; result: CountedResult; count: number }>();
    const results = new Map<AcceptanceCall, AcceptanceResult[]>();
    const decideOne = (one: Judged): AcceptanceResult => {
      if (isRefusal(one)) return { result: 'rejected', errors: one.errors };
      const { feedbackId, contentHash } = one;
      const before = current.get(feedbackId);
      const decision = decide(before, (hash) => hashes.get(feedbackId)?.has(hash) ?? false, one, now.getTime());
      if (decision.result === 'duplicate') return { result: 'duplicate', feedbackId, revision: before!.revision };
      if (decision.result === 'stale') {
        const { reason } = decision;
        return { result: 'stale', feedbackId, revision: before!.revision, ...(reason && { reason }) };
      }
      const { revision } = decision.standing;
      current.set(feedbackId, decision.standing);
      sources.set(feedbackId, one.source);
      const earlier = hashes.get(feedbackId) ?? new Set();
      hashes.set(feedbackId, earlier.add(contentHash));
      revisions.push({ ...one, revision });
      return { result: decision.result, feedbackId, revision };
    };
    for (const call of calls) {
      const answers = call.judged.map(decideOne);
      results.set(call, answers);
      answers.forEach(({ result }, at) => {
        const { source } = call.judged[at]!;
        const name = JSON.stringify([source, result]);
        const counted = counts.get(name) ?? { source, result, count: 0 };
        counts.set(name, { ...counted, count: counted.count + 1 });
      });
    }

    const created: AcceptanceChange['created'][number][] = [];
    const changed: AcceptanceChange['changed'][number][] = [];
    for (const [feedbackId, source] of [...sources].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const standing = current.get(feedbackId)!;
      if (standings.has(feedbackId)) changed.push({ feedbackId, standing });
      else created.push({ feedbackId, source, standing });
    }
    const requests = calls.flatMap((call) =>
      call.request
        ? [{ id: idOf(call.request), fingerprint: call.request.fingerprint, results: results.get(call)! }]
        : [],
    );
    await transaction.save({ now, created, changed, revisions, counts: [...counts.values()], requests });
    return results;
  }
}

/** One text for what a repeatable request goes by. */
export const nameOf = ({ source, key }: RepeatableRequest): string => JSON.stringify([source, key]);
