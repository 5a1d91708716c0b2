import { describe, expect, it } from '@jest/globals';
import { Problem } from '@closeloop/platform';
import { type AcceptanceResult, AcceptFeedback, type Submission } from './accept-feedback.js';
import { ImportFeedback, type ImportReport, type ImportRequest } from './import-feedback.handler.js';

/** A door that tells what came through it, and does as it is told. */
class Door extends AcceptFeedback {
  readonly calls: (readonly Submission[])[] = [];
  constructor(private readonly refuse: (call: number) => Error | undefined = () => undefined) {
    super();
  }
  accept(submissions: readonly Submission[]): Promise<AcceptanceResult[]> {
    this.calls.push(submissions);
    const refusal = this.refuse(this.calls.length);
    if (refusal) return Promise.reject(refusal);
    return Promise.resolve(submissions.map(() => ({ result: 'accepted', feedbackId: 'f', revision: 1 })));
  }
}

const request: ImportRequest = {
  format: 'ndjson',
  source: 'shop',
  historic: true,
  pace: () => Promise.resolve(),
  backlogWaitMs: 2000,
};

async function reportsOf(
  door: Door,
  body: AsyncIterable<Uint8Array>,
  of: Partial<ImportRequest> = {},
): Promise<ImportReport[]> {
  const reports: ImportReport[] = [];
  for await (const report of new ImportFeedback(door).run(body, { ...request, ...of })) reports.push(report);
  return reports;
}

// eslint-disable-next-line @typescript-eslint/require-await -- what is ready at once is a stream all the same
async function* linesOf(count: number): AsyncGenerator<Uint8Array> {
  for (let at = 1; at <= count; at += 1) yield Buffer.from(`{"externalId":"${at}"}\n`);
}

describe('import', () => {
  it('takes in batch after batch in order, and none while one is under way', async () => {
    const door = new Door();
    await reportsOf(door, linesOf(2500));
    expect(door.calls.map((call) => call.length)).toEqual([1000, 1000, 500]);
    expect(door.calls.flat().map(({ index }) => index)).toEqual(Array.from({ length: 2500 }, (_, at) => at + 1));
  });

  it('waits for room in the outbox, and goes on', async () => {
    const full = new Problem('backlog-full', 'full');
    const door = new Door((call) => (call <= 2 ? full : undefined));
    expect((await reportsOf(door, linesOf(3))).at(-1)).toMatchObject({
      kind: 'summary',
      summary: { lines: 3, accepted: 3 },
    });
    expect(door.calls).toHaveLength(3);
  });

  it('stops when there is no room for too long, before the first line that was not taken in', async () => {
    const full = new Problem('backlog-full', 'full');
    const door = new Door((call) => (call > 1 ? full : undefined));
    const last = (await reportsOf(door, linesOf(1500), { backlogWaitMs: 0 })).at(-1);
    expect(last).toMatchObject({ kind: 'stopped', line: 1001, error: full, summary: { lines: 1000, accepted: 1000 } });
  });

  it('stops reading when the one who listens stops', async () => {
    let read = 0;
    let closed = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          read += 1;
          yield* linesOf(100);
        }
      } finally {
        closed = true;
      }
    }
    for await (const report of new ImportFeedback(new Door()).run(endless(), request)) {
      if (report.kind === 'progress') break;
    }
    expect(closed).toBe(true);
    expect(read).toBe(10);
  });

  it('marks as historic only what does not say so itself', async () => {
    // eslint-disable-next-line @typescript-eslint/require-await -- as above
    async function* body(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('{}\n{"historic":false}\n{"historic":null}\n[]\n7');
    }
    const door = new Door();
    await reportsOf(door, body());
    expect(door.calls.flat().map(({ input }) => input)).toEqual([
      { historic: true },
      { historic: false },
      { historic: true },
      [],
      7,
    ]);
    const plain = new Door();
    await reportsOf(plain, body(), { historic: false });
    expect(plain.calls.flat()[0]!.input).toEqual({});
  });
});
