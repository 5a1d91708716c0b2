import { describe, expect, it } from '@jest/globals';
import { clocksAreKept } from './clock.rules.js';
import { type Heard, type Held, type HistoryRow, type LoopRow } from './facts.js';

const received = Date.UTC(2026, 0, 1);
const second = 1_000;
type Row = Partial<HistoryRow> & { change: string; at: number };

/** A loop with a history, at a moment long after it. */
function findings(rows: readonly Row[], loop: Partial<LoopRow> = {}, now = received + 600 * second) {
  let last: HistoryRow = {
    ...{ loopId: 'l', version: 0, change: '', at: 0, actorKind: 'system', state: 'opened', cycle: 1, level: 0 },
    ...{ team: 'support', priority: 'low' },
  };
  const history = rows.map((row, index): HistoryRow => {
    const { target: _target, dueAt: _dueAt, ...state } = last;
    last = { ...state, version: index + 1, ...row };
    return last;
  });
  const held = {
    history,
    loops: [{ ...last, feedback: 1, ...loop }],
    loopEvents: [],
    now,
  } as unknown as Held;
  return [...clocksAreKept({} as Heard, held)].map(({ how, told }) => [how, told]);
}
const opened: Row = { change: 'opened', at: received, receivedAt: received, terms: '2/standard/0/office' };
const due = (change: string, target: string, seconds: number, more: Partial<HistoryRow> = {}): Row => ({
  ...{ change, target, dueAt: received + seconds * second, at: received + seconds * second },
  ...more,
});
/** Everything that time does to a loop that nobody answers. */
const all: readonly Row[] = [
  opened,
  due('warned', 'first-response', 4.5),
  due('breached', 'first-response', 6),
  due('escalated', 'first-response', 6, { level: 1 }),
  due('escalated', 'first-response', 10, { level: 2 }),
  due('warned', 'resolution', 10.5),
  due('breached', 'resolution', 14),
  due('escalated', 'first-response', 14, { level: 3, team: 'triage' }),
];
const without = (index: number): Row[] => all.filter((_row, at) => at !== index);
const changed = (index: number, more: Partial<HistoryRow>): Row[] =>
  all.map((row, at) => (at === index ? { ...row, ...more } : row));

describe('clocks are kept', () => {
  it('given everything in time, or late: nothing', () => {
    expect(findings(all)).toEqual([]);
    expect(findings(all.map((row) => ({ ...row, at: row.at + 20 * second })))).toEqual([]);
  });
  it('given an answer, a resolution, a new cycle: nothing', () => {
    const answered: Row[] = [opened, { change: 'responded', at: received + second, state: 'responded' }];
    expect(
      findings([
        ...answered,
        due('warned', 'resolution', 10.5),
        due('breached', 'resolution', 14),
        due('escalated', 'resolution', 14, { level: 1 }),
        due('escalated', 'resolution', 18, { level: 2 }),
        due('escalated', 'resolution', 22, { level: 3 }),
      ]),
    ).toEqual([]);
    const again = received + 100 * second;
    expect(
      findings([
        ...answered,
        { change: 'resolved', at: received + 2 * second, state: 'resolved' },
        { change: 'objected', at: again, state: 'reopened', cycle: 2, level: 1 },
        { ...due('breached', 'first-response', 106), cycle: 2 },
        { ...due('escalated', 'first-response', 110), level: 2 },
        { ...due('breached', 'resolution', 114) },
        { ...due('escalated', 'first-response', 114), level: 3 },
      ]),
    ).toEqual([]);
  });
  it('given an answer that did not arrive: the clock of the first response goes on', () => {
    const lost: Row[] = [
      opened,
      { change: 'responded', at: received + second, state: 'responded' },
      { change: 'reply-failed', at: received + 2 * second, state: 'acknowledged' },
    ];
    expect(findings([...lost, ...all.slice(1)])).toEqual([]);
    expect(findings([...lost, ...all.slice(3)]).map(([how]) => how)).toContain('lost');
    // another answer of the cycle stands
    const other: Row = { ...lost[2]!, state: 'responded' };
    expect(findings([lost[0]!, lost[1]!, other, ...all.slice(5, 7)], { level: 3 }).map(([how]) => how)).not.toContain(
      'lost',
    );
  });
  it('given other terms: not this rule’s', () => {
    expect(findings([{ ...opened, terms: '1/standard/0/office' }])).toEqual([]);
  });

  it.each([
    ['a limit twice', [...all.slice(0, 3), all[2]!, ...all.slice(3)], 'doubled'],
    ['a warning twice', [...all.slice(0, 2), all[1]!, ...all.slice(2)], 'doubled'],
    ['a level twice', changed(4, { level: 3 }), 'doubled'],
    ['a level by nothing', [...all, { change: 'revised', at: received + 30 * second, level: 4 }], 'doubled'],
    ['a breach that nobody was told of', without(2), 'lost'],
    ['a level that was not reached', all.slice(0, -1), 'lost'],
    ['a breach too early', changed(2, { at: received + 5.9 * second }), 'other'],
    ['a level at another time than promised', changed(4, { dueAt: received + 9 * second }), 'other'],
    ['a level past the top', [...all, due('escalated', 'resolution', 60, { level: 4 })], 'other'],
  ])('given %s: says so', (_what, rows, how) => {
    expect(findings(rows).map(([found]) => found)).toContain(how);
  });
});
