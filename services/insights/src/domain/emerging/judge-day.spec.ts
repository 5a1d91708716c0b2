import { describe, expect, it } from '@jest/globals';
import { seededChance } from '../statistics/chance.js';
import { atOnce, judgeDays, longestDays, quietDays, type EmergingIssue } from './emerging-issue.js';
import { seriesOf, type DailyCounts } from './series.js';
import { firstStreamDay, syntheticStream, topicName, type Planted, type StreamShape } from './synthetic-stream.js';

const quiet: StreamShape = {
  ...{ topics: 12, days: 84, rates: [0.5, 20], overdispersion: 0.02, noise: 'gamma', persistence: 0 },
  ...{ week: 0.4, growth: 0.1, busy: 0.02, locations: 0 },
};
const begin = 70;
const frequent = quiet.topics - 1;

function judged(counts: DailyCounts, days: readonly [number, number], of = quiet): EmergingIssue[] {
  const period = [firstStreamDay, firstStreamDay + of.days] as const;
  return atOnce(
    judgeDays(seriesOf(counts, period), firstStreamDay, [firstStreamDay + days[0], firstStreamDay + days[1]], []),
  );
}

const planted = (changed: Partial<Planted> = {}): Planted => ({
  ...{ topic: frequent, from: begin, to: begin + 5, factor: 3 },
  ...changed,
});

const stream = (seed: number, plants: readonly Planted[], shape = quiet) =>
  syntheticStream(seededChance(seed), shape, plants);

describe('emerging issues', () => {
  it('given a topic at 20 a day that comes three times as often: found within two days, in 20 of 20 streams', () => {
    let found = 0;
    for (let seed = 0; seed < 20; seed++) {
      const issues = judged(stream(seed, [planted()]), [begin - 2, begin + 2]);
      if (issues.some(({ key }) => key.topic === topicName(frequent))) found++;
    }
    expect(found).toBe(20);
  });

  it('says since when, how many came and how many were expected', () => {
    const [issue] = judged(stream(1, [planted()]), [begin - 2, begin + 5]);
    expect(issue!.key).toEqual({ topic: topicName(frequent), location: null, product: null });
    expect(issue!.since).toBe(firstStreamDay + begin);
    expect(issue!.lastDay).toBe(firstStreamDay + begin + 4);
    expect(issue!.observed).toBeGreaterThan(200);
    expect(issue!.interval[0]).toBeLessThan(3);
    expect(issue!.interval[1]).toBeGreaterThan(3);
    expect(issue!.q).toBeLessThanOrEqual(0.05);
    expect(issue!.state).toBe('open');
  });

  it('given that it passed: over after three quiet days; and the next is found again', () => {
    const again = planted({ from: begin + 10, to: begin + 12 });
    const counts = stream(2, [planted({ to: begin + 2 }), again]);
    const passed = judged(counts, [begin - 2, begin + 2 + quietDays]);
    expect(passed.map(({ state }) => state)).toEqual(['over']);
    expect(passed[0]!.lastDay).toBe(firstStreamDay + begin + 1);
    const both = judged(counts, [begin - 2, begin + 12]);
    expect(both.map(({ since }) => since - firstStreamDay)).toEqual([begin, begin + 10]);
  });

  it('given a rise that stays: news for four weeks, then what is expected', () => {
    const shape = { ...quiet, days: 130 };
    const issues = judged(stream(3, [planted({ to: 130 })], shape), [begin - 2, 130], shape);
    expect(issues).toHaveLength(1);
    expect(issues[0]!.state).toBe('over');
    expect(issues[0]!.lastDay - issues[0]!.since).toBeLessThanOrEqual(longestDays);
  });

  it('given a day on which everything comes three times as often: that is told once, of no topic', () => {
    const all = Array.from({ length: quiet.topics }, (_, topic) => planted({ topic, to: begin + 1 }));
    const counts = stream(4, all);
    const busy = counts.totals.map((one) =>
      one.day === firstStreamDay + begin ? { ...one, count: one.count * 2 } : one,
    );
    const issues = judged({ ...counts, totals: busy }, [begin, begin + 1]);
    expect(issues.map(({ key }) => key)).toEqual([{ topic: null, location: null, product: null }]);
  });

  it('given a quiet day on which one topic comes as ever: nothing emerged', () => {
    const others = Array.from({ length: frequent }, (_, topic) => planted({ topic, to: begin + 1, factor: 0.2 }));
    const counts = stream(5, others);
    const low = counts.totals.map((one) =>
      one.day === firstStreamDay + begin ? { ...one, count: Math.round(one.count * 0.4) } : one,
    );
    expect(judged({ ...counts, totals: low }, [begin, begin + 1])).toEqual([]);
  });

  it('given a topic that never came, and comes ten times a day: found on the first', () => {
    const counts = stream(6, []);
    const fresh = { topic: 'new', location: null, product: null, day: firstStreamDay + begin, count: 10 };
    const [issue] = judged({ ...counts, topics: [...counts.topics, fresh] }, [begin, begin + 1]);
    expect(issue!.key.topic).toBe('new');
  });

  it('given a place that opens with all its topics: none of them emerged there', () => {
    const counts = stream(7, []);
    const opened = (day: number) => firstStreamDay + begin + day;
    const days = [0, 1, 2];
    const topics = days.flatMap((day) =>
      [0, 3, 6, 9].map((topic) => ({
        topic: topicName(topic),
        location: 'new',
        product: null,
        day: opened(day),
        count: 3,
      })),
    );
    const totals = days.map((day) => ({ location: 'new', product: null, day: opened(day), count: 24 }));
    const issues = judged({ topics: [...counts.topics, ...topics], totals: [...counts.totals, ...totals] }, [
      begin,
      begin + 3,
    ]);
    expect(issues.filter(({ key }) => key.location === 'new')).toEqual([]);
  });

  describe('at several places', () => {
    const spread: StreamShape = { ...quiet, rates: [5, 80], locations: 4 };

    it('given a rise at one: it is told of that one', () => {
      const issues = judged(stream(8, [planted({ location: 2, factor: 4 })], spread), [begin, begin + 2], spread);
      expect(issues.map(({ key }) => key)).toEqual([
        { topic: topicName(frequent), location: 'place-2', product: null },
      ]);
    });

    it('given a rise everywhere: it is told once', () => {
      const issues = judged(stream(9, [planted()], spread), [begin, begin + 2], spread);
      expect(issues.map(({ key }) => key)).toEqual([{ topic: topicName(frequent), location: null, product: null }]);
    });
  });

  it('given days one by one: as if all had been judged at once', () => {
    const counts = stream(10, [planted()]);
    const period = [firstStreamDay, firstStreamDay + quiet.days] as const;
    let issues: EmergingIssue[] = [];
    for (let day = begin - 3; day < begin + 8; day++) {
      const known = { topics: counts.topics.filter((one) => one.day <= firstStreamDay + day), totals: counts.totals };
      const today = firstStreamDay + day;
      issues = atOnce(judgeDays(seriesOf(known, period), firstStreamDay, [today, today + 1], issues));
    }
    expect(issues).toEqual(judged(counts, [begin - 3, begin + 8]));
  });

  // small here; the long runs are those of measure-emerging
  it('given streams where nothing emerged: at most one false alarm a month a hundred series', () => {
    const shape: StreamShape = { ...quiet, topics: 15, days: 124 };
    const noises: Partial<StreamShape>[] = [
      { overdispersion: 0 },
      { overdispersion: 0.15 },
      { overdispersion: 0.1, noise: 'lognormal', persistence: 0.5 },
    ];
    const alarms = noises.flatMap((noise) =>
      judged(stream(11, [], { ...shape, ...noise }), [64, 124], { ...shape, ...noise }),
    );
    // three times 15 series for 60 days: .9 are allowed
    expect(alarms.length).toBeLessThanOrEqual(1);
  });
});
