import { setImmediate, setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { currentTraceparent, Problem } from '@closeloop/platform';
import { AcceptanceStore, Overtaken, Unstorable } from '../domain/acceptance-store.js';
import { canonicalise, isRefusal } from '../domain/candidate.js';
import { IngestionConfig } from '../ingestion.config.js';
import { AcceptFeedback, type AcceptanceResult, type RepeatableRequest, type Submission } from './accept-feedback.js';
import {
  AcceptFeedbackHandler,
  type AcceptanceAnswer,
  type AcceptanceCall,
  type Judged,
  nameOf,
} from './accept-feedback.handler.js';

interface Waiting extends AcceptanceCall {
  /** Bytes of canonical JSON */
  readonly bytes: number;
  /** What it is about: ids of feedback, and of the request where that is repeatable */
  readonly subjects: readonly string[];
  resolve(results: AcceptanceResult[]): void;
  reject(error: unknown): void;
}

/** How often a group is tried again because another transaction was first. */
const attempts = 10;
const retryAfterSeconds = '5';
/** Most bytes of canonical JSON in one transaction (one request alone may have more). */
const maxGroupBytes = 8 * 1024 * 1024;
/** Transactions at once: while one waits for the database, another is computed. */
const lanes = 2;
/** So many submissions are worth a transaction beside another one. Fewer cost less together, in the next one. */
const worthALane = 400;

const judge = ({ unreadable, ...submission }: Submission, traceparent: string | undefined): Judged => {
  if (unreadable) return { source: submission.source, errors: unreadable };
  const judged = canonicalise(submission);
  if (isRefusal(judged)) return { source: submission.source, errors: judged.errors };
  return traceparent === undefined ? judged : { ...judged, traceparent };
};

/**
 * Group commit: while a transaction runs, the requests that come in wait, and share the next one. A lone request waits for nothing, and many
 * do not wait for the one that runs. Requests of a process about the same feedback are judged in the order in which they came: a transaction
 * beside another has nothing that the other is about, and requests behind one that has wait with it.
 */
@Injectable()
export class GroupCommit extends AcceptFeedback {
  private readonly queue: Waiting[] = [];
  private waiting = 0;
  /** Of each transaction that runs: what it is about */
  private readonly running = new Set<ReadonlySet<string>>();
  private beginning = false;

  constructor(
    private readonly store: AcceptanceStore,
    private readonly handler: AcceptFeedbackHandler,
    private readonly config: IngestionConfig,
  ) {
    super();
  }

  async accept(submissions: readonly Submission[], request?: RepeatableRequest): Promise<AcceptanceResult[]> {
    if (this.store.isFull() || this.waiting + submissions.length > this.config.queueBound)
      throw new Problem('backlog-full', 'More feedback waits than is allowed. Nothing was done; send it again later.', {
        headers: { 'retry-after': retryAfterSeconds },
      });
    // The transaction runs in the context of whoever came first.
    const traceparent = currentTraceparent();
    const judged = submissions.map((submission) => judge(submission, traceparent));
    const bytes = judged.reduce((sum, one) => sum + (isRefusal(one) ? 0 : one.canonical.length), 0);
    const subjects = judged.flatMap((one) => (isRefusal(one) ? [] : [one.feedbackId]));
    if (request) subjects.push(nameOf(request));
    return new Promise((resolve, reject) => {
      this.queue.push({ judged, bytes, subjects, resolve, reject, ...(request && { request }) });
      this.waiting += judged.length;
      void this.begin();
    });
  }

  private async begin(): Promise<void> {
    if (this.beginning || this.running.size === lanes) return;
    this.beginning = true;
    // requests that have arrived already are read before a group starts
    await setImmediate();
    this.beginning = false;
    this.fillLanes();
  }

  private fillLanes(): void {
    while (this.queue.length > 0 && this.running.size < lanes) {
      const group = this.nextGroup();
      if (this.running.size > 0 && submissionsOf(group) < worthALane) return;
      this.queue.splice(0, group.length);
      void this.run(group);
    }
  }

  private async run(group: readonly Waiting[]): Promise<void> {
    const subjects = new Set(group.flatMap((call) => call.subjects));
    this.running.add(subjects);
    await this.commit(group);
    this.running.delete(subjects);
    this.waiting -= submissionsOf(group);
    this.fillLanes();
  }

  /** The first of those that wait, as many as one transaction may have. */
  private nextGroup(): Waiting[] {
    let rows = 0;
    let bytes = 0;
    let calls = 0;
    for (const call of this.queue) {
      rows += call.judged.length;
      bytes += call.bytes;
      if (calls > 0 && (rows > this.config.groupRows || bytes > maxGroupBytes)) break;
      if (this.isUnderWay(call)) break;
      calls += 1;
    }
    return this.queue.slice(0, calls);
  }

  private isUnderWay({ subjects }: Waiting): boolean {
    for (const running of this.running) if (subjects.some((subject) => running.has(subject))) return true;
    return false;
  }

  /** Never rejects: every call of the group is answered. */
  private async commit(group: readonly Waiting[]): Promise<void> {
    try {
      settle(group, await this.inTransaction(group));
    } catch (error) {
      if (!(error instanceof Unstorable)) return group.forEach((call) => call.reject(error));
      for (const call of group) {
        try {
          settle([call], [await this.alone(call)]);
        } catch (own) {
          call.reject(own);
        }
      }
    }
    this.store.wake();
  }

  private inTransaction(group: readonly Waiting[]): Promise<AcceptanceAnswer[]> {
    return unlessOvertaken(() => this.store.transaction((transaction) => this.handler.accept(transaction, group)));
  }

  private alone(call: Waiting): Promise<AcceptanceAnswer> {
    return unlessOvertaken(() => this.store.transaction((transaction) => this.handler.acceptSingly(transaction, call)));
  }
}

const submissionsOf = (calls: readonly Waiting[]): number => calls.reduce((sum, { judged }) => sum + judged.length, 0);

const settle = (calls: readonly Waiting[], answers: readonly AcceptanceAnswer[]): void =>
  calls.forEach((call, at) => {
    const answer = answers[at]!;
    if (answer instanceof Problem) call.reject(answer);
    else call.resolve(answer);
  });

async function unlessOvertaken<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error;
      if (attempt === attempts)
        throw new Problem('store-unavailable', 'Others write the same feedback all the time; send it again later.', {
          headers: { 'retry-after': retryAfterSeconds },
          cause: error,
        });
      await setTimeout(Math.random() * 5 * attempt);
    }
  }
}
