import { Temporal } from 'temporal-polyfill';

export const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
export type Weekday = (typeof weekdays)[number];

/** Minutes of a day's wall clock, 0 to 1440: open from `from` on, closed from `to` on. */
export interface Shift {
  readonly from: number;
  readonly to: number;
}

/** When a business works: by the wall clock of its zone. */
export interface CalendarDefinition {
  /** IANA name */
  readonly zone: string;
  /** Shifts of a weekday, in order and apart; a day that is not named has none */
  readonly week: Partial<Record<Weekday, readonly Shift[]>>;
  /** Days that are not as their weekday: `yyyy-mm-dd` → the shifts of that day, none for a day off */
  readonly exceptions: Readonly<Record<string, readonly Shift[]>>;
}

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** What is looked at in one go: intervals are found when somebody asks that far. */
const stretchMs = 92 * dayMs;
/** Further than this no time of work is looked for. */
const horizonMs = 40 * 366 * dayMs;

/**
 * The time of work as a set of instants: an instant belongs to it where the wall clock of the zone then shows a minute of a
 * shift of the day that it shows. So an hour that a change of the clock leaves out is not worked, and one that comes twice
 * is worked twice, as people do who go by the clock on the wall.
 */
export class BusinessCalendar {
  /** Intervals of work, epoch milliseconds, in order; and the time of work before each of them. */
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #before: number[] = [];
  /** What was looked at: [from, to) */
  #from = 0;
  #to = 0;

  constructor(private readonly definition: CalendarDefinition) {}

  /**
   * The earliest instant at which `duration` of work has passed since `from`; all in milliseconds. `from` itself for 0.
   * @throws RangeError where that is further off than forty years
   */
  add(from: number, duration: number): number {
    if (duration <= 0) return from;
    this.#look(from, from);
    const target = this.#worked(from) + duration;
    for (;;) {
      const count = this.#starts.length;
      const last = count - 1;
      if (count > 0 && this.#before[last]! + (this.#ends[last]! - this.#starts[last]!) >= target) break;
      if (this.#to - from > horizonMs) throw new RangeError('this calendar works too little for that');
      this.#look(this.#from, this.#to + 1);
    }
    // the last interval with less than the target before it
    const index = lastBelow(this.#before, target);
    return this.#starts[index]! + (target - this.#before[index]!);
  }

  /** Milliseconds of work in [from, to); 0 where `to` is not after `from`. */
  between(from: number, to: number): number {
    if (to <= from) return 0;
    this.#look(from, to);
    return this.#worked(to) - this.#worked(from);
  }

  /** Time of work from the beginning of what was looked at until `at`. */
  #worked(at: number): number {
    const index = lastBelow(this.#starts, at);
    if (index < 0) return 0;
    return this.#before[index]! + Math.min(at, this.#ends[index]!) - this.#starts[index]!;
  }

  /** Sees to it that [from, to] lies in what was looked at. */
  #look(from: number, to: number): void {
    if (this.#to === 0 || from < this.#from) {
      // loops look at what is ahead of them: the past is only asked for where an old one is read
      const end = Math.max(to, this.#to);
      this.#starts.length = this.#ends.length = this.#before.length = 0;
      this.#from = this.#to = from - 7 * dayMs;
      while (this.#to <= end) this.#lookFurther();
      return;
    }
    while (this.#to <= to) this.#lookFurther();
  }

  /** Appends the intervals of the next stretch, piece by piece of one offset from UTC. */
  #lookFurther(): void {
    const { zone, week, exceptions } = this.definition;
    const end = this.#to + stretchMs;
    for (let at = this.#to; at < end;) {
      const zoned = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);
      const change = zoned.getTimeZoneTransition('next')?.epochMilliseconds ?? Infinity;
      const until = Math.min(end, change);
      const offset = zoned.offsetNanoseconds / 1e6;
      // in this piece the wall clock is UTC and an offset: days are whole multiples of a day's milliseconds
      for (let day = Math.floor((at + offset) / dayMs); day * dayMs - offset < until; day++) {
        const date = new Date(day * dayMs);
        const shifts = exceptions[date.toISOString().slice(0, 10)] ?? week[weekdays[(date.getUTCDay() + 6) % 7]!] ?? [];
        for (const shift of shifts) {
          const start = Math.max(at, day * dayMs + shift.from * minuteMs - offset);
          const stop = Math.min(until, day * dayMs + shift.to * minuteMs - offset);
          if (start < stop) this.#append(start, stop);
        }
      }
      at = until;
    }
    this.#to = end;
  }

  #append(start: number, end: number): void {
    const last = this.#starts.length - 1;
    const before = last < 0 ? 0 : this.#before[last]! + (this.#ends[last]! - this.#starts[last]!);
    this.#starts.push(start);
    this.#ends.push(end);
    this.#before.push(before);
  }
}

/** Index of the last element that is less than `value`; -1 where none is. */
function lastBelow(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
