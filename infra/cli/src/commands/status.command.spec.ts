import { describe, expect, it } from '@jest/globals';
import type { PartitionStatus, StationStatus } from '@closeloop/messaging';
import { missingLine, stageOf } from './status.command.js';

const partition = (more: Partial<PartitionStatus> = {}): PartitionStatus => ({
  ...{ topic: 'feedback.routed.v1', partition: 0, position: 5, end: 5, lag: 0, state: 'running', attempts: 0 },
  ...more,
});
const replica = (more: Partial<StationStatus> = {}) => ({
  service: 'loop' as const,
  url: 'http://loop',
  station: {
    ...{ service: 'loop', group: 'closeloop.loop', ready: true, reasons: {}, partitions: [partition()] },
    events: { ok: 3, drop: 1, skip: 0, 'dead-letter': 1 },
    ...more,
  },
});
const outbox = (unsent: number, oldestSeconds: number) => ({ unsent, bound: 100, full: false, oldestSeconds });

describe('the replicas of a service as one stage', () => {
  it('have their own partitions and share one outbox', () => {
    const stage = stageOf(
      'loop',
      [
        replica({ partitions: [partition({ lag: 7 })], outbox: outbox(12, 4) }),
        replica({ partitions: [partition({ lag: 1 })], outbox: outbox(11, 3), ready: false }),
      ],
      undefined,
    );
    expect(stage).toMatchObject({ replicas: 2, ready: 1, received: 10, waiting: 12, lag: 8, oldestSeconds: 4 });
  });

  it('say nothing of a lag that one of them does not know, and nothing at all while all are silent', () => {
    const unknown = replica({ partitions: [partition(), partition({ lag: null })] });
    expect(stageOf('loop', [unknown], undefined)).toMatchObject({ lag: null, waiting: null, oldestSeconds: null });
    const silent = { service: 'loop' as const, url: 'http://loop', silent: 'it does not answer' };
    expect(stageOf('loop', [silent], undefined)).toMatchObject({ replicas: 1, ready: 0, received: 0, lag: null });
  });

  it('tell how long what is stuck has waited', () => {
    const since = new Date(Date.now() - 60_000).toISOString();
    const stuck = replica({ partitions: [partition({ lag: 2, state: 'failing', since, attempts: 4 })] });
    expect(stageOf('loop', [stuck], undefined).oldestSeconds).toBeCloseTo(60, 0);
  });

  it('have the open letters of their group', () => {
    const ledger = {
      ...{
        results: { accepted: 4, revised: 2 },
        outcomes: {},
        unsettled: { total: 0, oldestSeconds: null },
        missing: 0,
      },
      deadLetters: {
        ...{ open: 3, underWay: 0, failedAgain: 0, discarded: 0, oldestOpenSeconds: 1 },
        openByGroup: { 'closeloop.loop': 2, 'closeloop.ingestion': 1 },
      },
    };
    expect(stageOf('loop', [replica()], ledger)).toMatchObject({ received: 5, deadLetters: 2 });
    expect(stageOf('ingestion', [replica()], ledger)).toMatchObject({ received: 6, deadLetters: 1 });
    // nobody keeps its letters, which is not that there are none
    expect(stageOf('learning', [replica()], ledger)).toMatchObject({ deadLetters: null });
  });
});

describe('what is unsettled without progress', () => {
  it('waits while a service is away or a partition is stuck', () => {
    expect(missingLine(3, [{ service: 'loop' }, { service: 'loop' }], [])).toMatch(
      /^3 feedback wait: loop is not ready\. /,
    );
    expect(missingLine(1, [], [{ service: 'routing', state: 'failing' }])).toMatch(
      /^1 feedback waits: a partition of routing is stuck\. /,
    );
  });

  it('is missing when nothing is', () => {
    expect(missingLine(2, [], [])).toMatch(/^MISSING: 2 /);
    // no feedback waits for what lies beside its way
    expect(missingLine(2, [{ service: 'learning' }], [{ service: 'learning', state: 'alarm' }])).toMatch(
      /^MISSING: 2 /,
    );
  });
});
