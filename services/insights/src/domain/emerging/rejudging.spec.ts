import { describe, expect, it } from '@jest/globals';
import type { EmergingIssue } from './emerging-issue.js';
import type { KeptIssue } from './emerging-store.js';
import { identified, nextDue } from './rejudging.js';

const issue = (changed: Partial<EmergingIssue> = {}): EmergingIssue => ({
  ...{ key: { topic: 'late', location: null, product: null }, since: 100, foundOn: 101, lastDay: 103 },
  ...{ observed: 90, expected: 30, ratio: 3, interval: [2, 4], p: 1e-9, q: 1e-7, state: 'over' },
  ...changed,
});
const kept = (changed: Partial<KeptIssue> = {}): KeptIssue => ({
  ...issue(),
  emergingId: 'one',
  seen: false,
  carriedBy: [],
  ...changed,
});

const held = (days: readonly number[], digest = 'a') => new Map(days.map((day) => [day, digest]));
const always = () => true;
const days = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

describe('nextDue', () => {
  it('given nothing new: nothing', () => {
    const judged = new Map([...held([1, 2, 3]), ...held([4, 5, 6], '')]);
    expect(nextDue(held([1, 2, 3]), judged, [], 9, always)).toBeUndefined();
    expect(nextDue(new Map(), new Map(), [], 9, always)).toBeUndefined();
  });

  it('given feedback of long ago: its days and the three after them, and none between', () => {
    const due = nextDue(held([10, 11, 20]), new Map(), [], 1_000, always);
    expect(due).toEqual({ from: 10, days: [...days(10, 15), ...days(20, 24)], more: false });
  });

  it('judges no day that is not over', () => {
    expect(nextDue(held([10, 11]), new Map(), [], 12, always)?.days).toEqual([10, 11]);
  });

  it('goes on where it was, a month at a time', () => {
    const all = held(days(0, 100));
    const first = nextDue(all, new Map(), [], 100, always)!;
    expect(first).toEqual({ from: 0, days: days(0, 31), more: true });
    const second = nextDue(all, held(first.days), [issue({ foundOn: 30, lastDay: 30, state: 'open' })], 100, always)!;
    expect(second.from).toBe(31);
  });

  it('given a day that is not what it was: it and all after it, from before the issues that were open then', () => {
    const now = new Map([...held(days(0, 50)), [40, 'b']]);
    const judged = held(days(0, 50));
    expect(nextDue(now, judged, [], 50, always)!.days).toEqual(days(40, 50));
    const open = [
      issue({ foundOn: 38, lastDay: 41 }),
      issue({ foundOn: 30, lastDay: 35 }),
      issue({ foundOn: 20, lastDay: 24 }),
    ];
    // over on the 27th: that one is not touched
    expect(nextDue(now, judged, open, 50, always)!.from).toBe(30);
  });

  it('given a day whose feedback is all gone: judges from it on', () => {
    const due = nextDue(held(days(0, 10)), held(days(0, 30)), [], 100, always)!;
    expect(due.from).toBe(10);
    expect(due.days).toEqual([10, 11, 12]);
  });

  it('waits for a day that still changes, and judges none after it', () => {
    expect(nextDue(held([10, 11, 12]), new Map(), [], 13, (day) => day !== 10)).toBeUndefined();
    expect(nextDue(held([10, 11, 12]), new Map(), [], 13, (day) => day !== 11)?.days).toEqual([10]);
  });
});

describe('identified', () => {
  it('given the same series at about the same time: the same issue, seen or not', () => {
    const [again] = identified([issue({ since: 102, lastDay: 106 })], [kept({ seen: true })], 200);
    expect(again).toMatchObject({ emergingId: 'one', seen: true, since: 102, lastDay: 106 });
  });

  it('given another time or another series: another', () => {
    expect(identified([issue({ since: 120, lastDay: 121 })], [kept()], 200)[0]!.emergingId).not.toBe('one');
    const elsewhere = issue({ key: { topic: 'late', location: 'Oslo', product: null } });
    expect(identified([elsewhere], [kept()], 200)[0]!.emergingId).not.toBe('one');
  });

  it('given the same history: the same ids', () => {
    expect(identified([issue()], [], 200)).toEqual(identified([issue()], [], 300));
  });

  it('what is not found any more goes; what somebody saw stays, and is over', () => {
    const seen = kept({ emergingId: 'two', seen: true, state: 'open' });
    expect(identified([], [kept({ state: 'open' }), seen], 200)).toEqual([{ ...seen, state: 'over' }]);
  });

  it('what was found on days that are not judged again yet stays as it is', () => {
    const later = kept({ foundOn: 250, state: 'open' });
    expect(identified([], [later], 200)).toEqual([later]);
  });
});
