import { describe, expect, it } from '@jest/globals';
import { type Finding, type PhaseVerdict } from './oracle/oracle.js';
import { sumOf } from './parts.js';
import { complaints, resultOf, tableOf, type FaultOutcome, type RunReport } from './report.js';

const phase = (lost: Finding[] = []): PhaseVerdict => ({
  ...{ accepted: 5, undetermined: 1, rejected: 0, lost, doubled: [], misordered: [] },
});
const outcome = (given: Partial<FaultOutcome> = {}): FaultOutcome => ({
  ...{ name: 'kill', phase: 'kill', injected: 3, recoveredSeconds: 7.123, problems: [], facts: {} },
  ...given,
});
const report = (given: Partial<RunReport> = {}): RunReport => ({
  ...{ seed: 1, outcomes: [outcome()], problems: [] },
  verdict: { phases: { kill: phase() }, other: [], good: true },
  ...given,
});
const finding: Finding = { phase: 'kill', rule: 'accepted is kept', id: 'a', told: 'accepted', found: 'nothing' };

describe('what comes of a fault run', () => {
  it('is exactly what --json promises', () => {
    expect(resultOf(report())).toEqual({
      faults: { kill: { injected: 3, accepted: 5, lost: 0, doubled: 0, misordered: 0, recoveredSeconds: 7.1 } },
      verdict: 'good',
    });
  });

  it('is bad by a finding, by a limit that was not kept, and by what is wrong with the whole', () => {
    const lost = { phases: { kill: phase([finding]) }, other: [], good: false };
    expect(resultOf(report({ verdict: lost }))).toMatchObject({ verdict: 'bad', faults: { kill: { lost: 1 } } });
    expect(complaints(report({ verdict: lost }))).toEqual(['kill: accepted is kept: a: told accepted; found nothing']);
    const late = report({ outcomes: [outcome({ problems: ['late'] })] });
    expect(resultOf(late).verdict).toBe('bad');
    expect(complaints(late)).toEqual(['kill: late']);
    expect(resultOf(report({ problems: ['it does not come to rest'] })).verdict).toBe('bad');
  });

  it('tells those that overlapped by what both saw, and those that could not be done by why', () => {
    const both = report({
      outcomes: [
        outcome({ name: 'slow', phase: 'slow+cut' }),
        outcome({ name: 'cut', phase: 'slow+cut' }),
        outcome({ name: 'clock', phase: 'clock', injected: 0, recoveredSeconds: undefined, notRun: 'no library' }),
      ],
      verdict: { phases: { 'slow+cut': phase() }, other: [], good: true },
    });
    expect(resultOf(both).faults).toMatchObject({
      slow: { accepted: 5 },
      cut: { accepted: 5 },
      clock: { injected: 0, accepted: 0, recoveredSeconds: null },
    });
    expect(tableOf(both)).toMatch(/clock +not run +no library/);
  });

  it('adds up over the parts of a long run', () => {
    const line = { injected: 10, accepted: 5, lost: 0, doubled: 0, misordered: 0, recoveredSeconds: 8 };
    const part = { at: '2026-11-22T00:00:00Z', seed: 1, line, verdict: 'good' as const };
    const bad = { ...part, line: { ...line, lost: 1, recoveredSeconds: null }, verdict: 'bad' as const };
    expect(sumOf([part, part])).toMatchObject({ faults: { kill: { injected: 20 } }, verdict: 'good' });
    expect(sumOf([part, bad])).toMatchObject({ faults: { kill: { lost: 1, recoveredSeconds: 8 } }, verdict: 'bad' });
    expect(sumOf([]).verdict).toBe('bad');
  });
});
