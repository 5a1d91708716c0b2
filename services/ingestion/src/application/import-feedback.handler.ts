import { setTimeout as sleep } from 'node:timers/promises';
import { type Violation } from '@closeloop/contracts';
import { invalid, Problem } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { type RawRecord, RecordSplitter } from '../domain/record-splitter.js';
import { AcceptFeedback, type AcceptanceResult, type Submission } from './accept-feedback.js';
import { maxRecordBytes, readCsvHeader, readJsonLines, type ReadRecord, type RecordReader } from './import-records.js';

/** Records that are accepted together, and most bytes of them. */
const batchRecords = 1000;
const batchBytes = 1024 * 1024;

/** How often a full outbox is looked at again, in milliseconds. */
const backlogPollMs = 250;

export interface ImportSummary {
  /** Records that were looked at; blank lines and the header of CSV are none. */
  lines: number;
  accepted: number;
  revised: number;
  duplicate: number;
  stale: number;
  rejected: number;
}

export type ImportReport =
  /** Everything before this line is accounted for. */
  | { readonly kind: 'progress'; readonly line: number }
  | { readonly kind: 'rejected'; readonly line: number; readonly errors: readonly Violation[] }
  /** It ended early: everything before `line` is accounted for, nothing from there on. */
  | { readonly kind: 'stopped'; readonly line: number; readonly error: unknown; readonly summary: ImportSummary }
  | { readonly kind: 'summary'; readonly summary: ImportSummary };

export interface ImportRequest {
  readonly format: 'ndjson' | 'csv';
  readonly source: string;
  /** For records that do not say so themselves. */
  readonly historic: boolean;
  readonly idempotencyKey?: string;
  /** Resolves when so many events may be accepted. */
  readonly pace: (events: number) => Promise<void>;
  /** How long to wait for room in the outbox, in milliseconds. */
  readonly backlogWaitMs: number;
}

/** Takes in a file, however long: it holds one batch of records, and reads on when that is accepted. */
@Injectable()
export class ImportFeedback {
  constructor(private readonly acceptance: AcceptFeedback) {}

  /**
   * Accepts record after record, in their order. Ends with `summary`, or with `stopped` when the store or the upload failed.
   * Ids come from the records' external ids, else from the Idempotency-Key and the line, else from the content: the same file
   * again doubles nothing.
   * @throws Problem `invalid` for a header of CSV that cannot be understood, before the first report.
   */
  async *run(body: AsyncIterable<Uint8Array>, request: ImportRequest): AsyncGenerator<ImportReport, void, undefined> {
    const splitter = new RecordSplitter(request.format, maxRecordBytes);
    const summary: ImportSummary = { lines: 0, accepted: 0, revised: 0, duplicate: 0, stale: 0, rejected: 0 };
    let read: RecordReader | undefined = request.format === 'ndjson' ? readJsonLines : undefined;
    let batch: RawRecord[] = [];
    let bytes = 0;
    let next = 1;

    /** True when the batch is full. */
    const add = (record: RawRecord): boolean => {
      if (!read) {
        const header = readCsvHeader(record);
        splitter.delimiters = [header.delimiter];
        read = header.read;
        next = record.line + 1;
        return false;
      }
      batch.push(record);
      bytes += record.bytes?.length ?? 0;
      return batch.length >= batchRecords || bytes >= batchBytes;
    };
    const flush = async (): Promise<ImportReport[]> => {
      const records = read!(batch);
      const results = await this.accept(records, request);
      next = batch.at(-1)!.line + 1;
      batch = [];
      bytes = 0;
      return [...count(records, results, summary), { kind: 'progress', line: next }];
    };

    try {
      for await (const chunk of body) {
        for (const record of splitter.push(chunk)) if (add(record)) yield* await flush();
      }
      let full = false;
      for (const record of splitter.end()) full = add(record) || full;
      if (batch.length > 0) yield* await flush();
    } catch (error) {
      if (!read) throw error;
      yield { kind: 'stopped', line: batch[0]?.line ?? next, error, summary };
      return;
    }
    if (!read) throw invalid('', 'csv', 'the file is empty; its first line must name the columns');
    yield { kind: 'summary', summary };
  }

  private async accept(records: readonly ReadRecord[], request: ImportRequest): Promise<AcceptanceResult[]> {
    await request.pace(records.length);
    const submissions = records.map((record) => submissionOf(record, request));
    for (const until = performance.now() + request.backlogWaitMs; ;) {
      try {
        return await this.acceptance.accept(submissions);
      } catch (error) {
        // a stream can wait where a request would be refused
        const full = error instanceof Problem && error.code === 'backlog-full';
        if (!full || performance.now() >= until) throw error;
        await sleep(backlogPollMs);
      }
    }
  }
}

function submissionOf(record: ReadRecord, { source, idempotencyKey, historic }: ImportRequest): Submission {
  const { line, input, unreadable } = record;
  return {
    source,
    input: withHistoric(input, historic),
    index: line,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(unreadable ? { unreadable } : {}),
  };
}

function withHistoric(input: unknown, historic: boolean): unknown {
  if (!historic || input === null || typeof input !== 'object' || Array.isArray(input)) return input;
  return (input as { historic?: unknown }).historic == null ? { ...input, historic } : input;
}

function* count(
  records: readonly ReadRecord[],
  results: readonly AcceptanceResult[],
  summary: ImportSummary,
): Generator<ImportReport> {
  for (const [at, result] of results.entries()) {
    summary.lines += 1;
    summary[result.result] += 1;
    if (result.result === 'rejected') yield { kind: 'rejected', line: records[at]!.line, errors: result.errors };
  }
}
