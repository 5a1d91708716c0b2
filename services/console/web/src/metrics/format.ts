import type { Interval, Unit } from './metrics.js';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

const formatters = new Map<string, Intl.NumberFormat>();

function formatter(locale: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = locale + JSON.stringify(options);
  const known = formatters.get(key) ?? new Intl.NumberFormat(locale, options);
  formatters.set(key, known);
  return known;
}

const digits = (least: number, most = least): Intl.NumberFormatOptions => ({
  minimumFractionDigits: least,
  maximumFractionDigits: most,
});

/** A duration in the one unit that it is read best in: `42 min`, `3.5 hr`. @param ms milliseconds */
export function formatDuration(ms: number, locale: string): string {
  const [unit, size] =
    Math.abs(ms) >= 2 * day
      ? (['day', day] as const)
      : Math.abs(ms) >= hour
        ? (['hour', hour] as const)
        : Math.abs(ms) >= minute
          ? (['minute', minute] as const)
          : (['second', second] as const);
  const value = ms / size;
  const most = Math.abs(value) >= 10 || unit === 'second' ? 0 : 1;
  return formatter(locale, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: most }).format(value);
}

/** A value as people read it. */
export function formatValue(unit: Unit, value: number | null, locale: string): string {
  if (value === null) return '–';
  switch (unit) {
    case 'points':
      return formatter(locale, { ...digits(0, 1), signDisplay: 'exceptZero' }).format(value);
    case 'share':
      return formatter(locale, { style: 'percent', ...digits(0, 1) }).format(value);
    case 'stars':
    case 'score':
      return formatter(locale, digits(2)).format(value);
    case 'milliseconds':
      return formatDuration(value, locale);
    case 'count':
      return formatter(locale, digits(0)).format(value);
  }
}

/** `12 % – 15 %`; nothing where there is none. */
export function formatInterval(unit: Unit, interval: Interval | null, locale: string): string {
  if (!interval || interval.every((end) => end === null)) return '';
  const [low, high] = interval.map((end) => (end === null ? '?' : formatValue(unit, end, locale)));
  return `${low} – ${high}`;
}

/** A day, week's first day or month (`2015-02-16`), in UTC as the metrics are. */
export function formatPeriod(period: string, grain: string, locale: string): string {
  const at = new Date(period.length === 7 ? `${period}-01` : period);
  if (Number.isNaN(at.getTime())) return period;
  const options: Intl.DateTimeFormatOptions =
    grain === 'month' ? { month: 'short', year: 'numeric' } : { day: 'numeric', month: 'short' };
  return new Intl.DateTimeFormat(locale, { ...options, timeZone: 'UTC' }).format(at);
}

/** First to last day, both in it. @param to the day after the last */
export function formatDays(from: string, to: string, locale: string): string {
  const format = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' });
  return format.formatRange(new Date(from), new Date(Date.parse(to) - day));
}
