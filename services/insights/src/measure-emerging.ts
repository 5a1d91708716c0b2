import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { atOnce, judgeDays, type EmergingIssue } from './domain/emerging/emerging-issue.js';
import { historyDays, longestWindow, type JudgedDay } from './domain/emerging/judge-day.js';
import { seriesOf, type DailyCounts } from './domain/emerging/series.js';
import { firstStreamDay, syntheticStream, type StreamShape } from './domain/emerging/synthetic-stream.js';
import { seededChance, type Chance } from './domain/statistics/chance.js';
import { wilson } from './domain/statistics/wilson.js';

/**
 * Says how often the detector is wrong and how soon it is right: `node services/insights/dist/measure-emerging.js [--months 12] [--streams 10]
 * [--airline ../shared/data/airline.jsonl]`. On streams of a hundred topics where nothing emerges, on such with a planted rise, and on the airline
 * texts by date, as they came and with their reasons shuffled. docs/emerging.md keeps what it said.
 */
const print = (line: string): void => void process.stdout.write(`${line}\n`);

function option(name: string, otherwise: string): string {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : (process.argv[at + 1] ?? otherwise);
}

const warm = historyDays + longestWindow;
const month = 30;
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

const usual: StreamShape = {
  ...{
    topics: 100,
    days: warm + month * Number(option('months', '12')),
    rates: [0.1, 50],
    overdispersion: 0,
    noise: 'gamma',
  },
  ...{ persistence: 0, week: 0.4, growth: 0.1, busy: 0.02, locations: 0 },
};
const shapes: readonly (readonly [name: string, changed: Partial<StreamShape>])[] = [
  ['Poisson', {}],
  ['overdispersion .05', { overdispersion: 0.05 }],
  ['overdispersion .2', { overdispersion: 0.2 }],
  ['overdispersion .1, heavier tail', { overdispersion: 0.1, noise: 'lognormal' }],
  ['overdispersion .1, half lasts to the next day', { overdispersion: 0.1, noise: 'lognormal', persistence: 0.5 }],
  ['overdispersion .1, .8 lasts to the next day', { overdispersion: 0.1, noise: 'lognormal', persistence: 0.8 }],
  ['overdispersion .1, busy days of ± 40 %', { overdispersion: 0.1, busy: 0.16 }],
  ['overdispersion .1, 50 % growth a month', { overdispersion: 0.1, growth: 0.5 }],
  ['overdispersion .1, five places', { overdispersion: 0.1, locations: 5 }],
];

function judge(counts: DailyCounts, days: number, from: number, onDay?: (judged: JudgedDay) => void): EmergingIssue[] {
  const [first, end] = [firstStreamDay, firstStreamDay + days];
  return atOnce(judgeDays(seriesOf(counts, [first, end]), first, [first + from, end], [], onDay));
}

function falseAlarms(): void {
  const streams = Number(option('streams', '10'));
  print(
    `\nFalse alarms where nothing emerges (${streams} streams of ${usual.topics} topics at .1 to 50 a day, ${option('months', '12')} months each):`,
  );
  for (const [name, changed] of shapes) {
    const shape = { ...usual, ...changed };
    let [alarms, seriesDays] = [0, 0];
    const begun = process.cpuUsage();
    for (let seed = 1; seed <= streams; seed++) {
      const issues = judge(
        syntheticStream(seededChance(seed), shape),
        shape.days,
        warm,
        ({ series }) => (seriesDays += series),
      );
      alarms += issues.length;
    }
    const { user } = process.cpuUsage(begun);
    const rate = (alarms / seriesDays) * month * 100;
    print(
      `  ${name}: ${alarms} in ${seriesDays} series-days, ${rate.toFixed(2)} a month a hundred series (${(user / 1e6).toFixed(0)} s)`,
    );
  }
}

function detection(): void {
  const runs = 10 * Number(option('streams', '10'));
  print(
    `\nA topic at so many a day comes so much more often (${runs} streams each): found on the first day, by the second, by the seventh`,
  );
  for (const [rate, factor] of [
    [20, 3],
    [20, 2],
    [5, 3],
    [1, 5],
    [0.3, 10],
  ] as const) {
    for (const [name, changed] of shapes.slice(0, 6)) {
      const shape: StreamShape = { ...usual, topics: 20, days: warm + 14, rates: [0.1, 50], ...changed };
      const foundAfter: number[] = [];
      for (let seed = 1; seed <= runs; seed++) foundAfter.push(daysToFind(seededChance(seed), shape, rate, factor));
      const by = (days: number): string => {
        const { value, interval } = wilson(foundAfter.filter((each) => each < days).length, runs);
        return `${percent(value!)} (${percent(interval![0])}–)`;
      };
      print(`  ${rate} a day × ${factor}, ${name}: ${by(1)}, ${by(2)}, ${by(7)}`);
    }
  }
}

/** Days after the first until it was found; Infinity where it was not. */
function daysToFind(chance: Chance, shape: StreamShape, rate: number, factor: number): number {
  // the last topic is the one at that rate
  const planted = syntheticStream(chance, { ...shape, topics: 1, rates: [rate, rate] }, [
    { topic: 0, from: warm, to: shape.days, factor },
  ]);
  const others = syntheticStream(chance, shape);
  const named = planted.topics.map((one) => ({ ...one, topic: 'planted' }));
  const counts = { topics: [...others.topics, ...named], totals: [...others.totals, ...planted.totals] };
  const issue = judge(counts, shape.days, warm).find(({ key }) => key.topic === 'planted');
  return issue ? issue.foundOn - firstStreamDay - warm : Infinity;
}

interface Tweet {
  readonly day: number;
  readonly airline: string;
  readonly reason: string | null;
}

async function tweetsOf(file: string): Promise<Tweet[]> {
  const tweets = new Map<string, Tweet>();
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const { id, airline, reason, created } = JSON.parse(line) as Record<'id' | 'airline' | 'created', string> & {
      reason: string | null;
    };
    const [, day, monthOfYear, year] = /^(\d\d)-(\d\d)-(\d{4})/.exec(created)!;
    tweets.set(id, { day: Date.UTC(Number(year), Number(monthOfYear) - 1, Number(day)) / 86_400_000, airline, reason });
  }
  return [...tweets.values()];
}

function countsOf(tweets: readonly Tweet[]): DailyCounts {
  return {
    topics: tweets.flatMap(({ day, airline, reason }) =>
      reason === null ? [] : [{ topic: reason, location: null, product: airline, day, count: 1 }],
    ),
    totals: tweets.map(({ day, airline }) => ({ location: null, product: airline, day, count: 1 })),
  };
}

const dateOf = (day: number): string => new Date(day * 86_400_000).toISOString().slice(0, 10);

async function airline(file: string): Promise<void> {
  const tweets = await tweetsOf(file);
  const days = tweets.map(({ day }) => day);
  const [first, end] = [Math.min(...days), Math.max(...days) + 1];
  const judgeTweets = (these: readonly Tweet[], onDay?: (judged: JudgedDay) => void) =>
    atOnce(judgeDays(seriesOf(countsOf(these), [first, end]), first, [first, end], [], onDay));
  print(`\n${tweets.length} airline tweets, ${dateOf(first)} to ${dateOf(end - 1)}:`);
  const issues = judgeTweets(tweets, ({ day, series, rises, overdispersion, persistence }) =>
    print(
      `  ${dateOf(day)}: ${series} series, ${rises.length} rises, overdispersion ${overdispersion.toFixed(2)}, persistence ${persistence.toFixed(2)}`,
    ),
  );
  for (const { key, since, lastDay, observed, expected, interval, q } of issues) {
    print(
      `  ${key.topic ?? 'all feedback'}, ${key.product ?? 'all airlines'}: ${dateOf(since)} to ${dateOf(lastDay)}, ${observed} where ${expected.toFixed(1)} were expected (× ${interval.map((each) => each.toFixed(1)).join(' to ')}), q ${q.toExponential(1)}`,
    );
  }
  let [alarms, seriesDays] = [0, 0];
  for (let seed = 1; seed <= 200; seed++) {
    const chance = seededChance(seed);
    const byAirline = new Map<string, Tweet[]>();
    for (const tweet of tweets) byAirline.set(tweet.airline, [...(byAirline.get(tweet.airline) ?? []), tweet]);
    const shuffled = [...byAirline.values()].flatMap((own) => {
      const reasons = chance.shuffle(own.map(({ reason }) => reason));
      return own.map((tweet, at) => ({ ...tweet, reason: reasons[at]! }));
    });
    const issues = judgeTweets(shuffled, ({ day, series }) => {
      // the first days have no history, and are not judged
      if (day - first >= 5) seriesDays += series;
    });
    // how many came of each day and airline is as it was: that is not shuffled
    alarms += issues.filter(({ key }) => key.topic !== null).length;
  }
  print(
    `  with reasons shuffled within each airline, 200 times: of topics ${alarms} false alarms in ${seriesDays} series-days, ${((alarms / seriesDays) * month * 100).toFixed(2)} a month a hundred series`,
  );
}

falseAlarms();
detection();
const file = option('airline', '');
if (file) await airline(file);
