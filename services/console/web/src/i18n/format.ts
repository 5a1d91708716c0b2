const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** Formatters are dear to make, and lists ask for the same ones again and again. */
const made = new Map<string, unknown>();
function once<T>(key: string, make: () => T): T {
  const known = made.get(key) as T | undefined;
  if (known !== undefined) return known;
  const fresh = make();
  made.set(key, fresh);
  return fresh;
}

const unitOf = (language: string, unit: 'day' | 'hour' | 'minute'): Intl.NumberFormat =>
  once(
    `${language}/unit/${unit}`,
    () =>
      new Intl.NumberFormat(language, {
        ...{ style: 'unit', unit, maximumFractionDigits: 0 },
        // German has a letter for the hour and none for the minute
        unitDisplay: language === 'de' ? 'short' : 'narrow',
      }),
  );

/** A span by its two largest units, `2d 4h`; below a minute it is none. */
export function formatSpan(ms: number, language: string): string {
  const span = Math.max(0, Math.abs(ms));
  const parts: [number, 'day' | 'hour' | 'minute'][] =
    span >= day
      ? [
          [Math.floor(span / day), 'day'],
          [Math.floor((span % day) / hour), 'hour'],
        ]
      : [
          [Math.floor(span / hour), 'hour'],
          [Math.floor((span % hour) / minute), 'minute'],
        ];
  const said = parts.filter(([amount], at) => amount > 0 || (at === 1 && span < hour));
  return said.map(([amount, unit]) => unitOf(language, unit).format(amount)).join(' ');
}

/** How long ago, or in how long, in words: `3 hours ago`. */
export function formatAgo(at: Date, now: Date, language: string): string {
  const format = once(`${language}/ago`, () => new Intl.RelativeTimeFormat(language, { numeric: 'auto' }));
  const ms = at.getTime() - now.getTime();
  const size = Math.abs(ms);
  if (size < minute) return format.format(0, 'minute');
  if (size < hour) return format.format(Math.trunc(ms / minute), 'minute');
  if (size < day) return format.format(Math.trunc(ms / hour), 'hour');
  if (size < 45 * day) return format.format(Math.trunc(ms / day), 'day');
  return formatDay(at, language);
}

export const formatDay = (at: Date, language: string): string =>
  once(`${language}/day`, () => new Intl.DateTimeFormat(language, { dateStyle: 'medium' })).format(at);

export const formatInstant = (at: Date, language: string): string =>
  once(
    `${language}/instant`,
    () => new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }),
  ).format(at);

export const formatNumber = (value: number, language: string, digits = 0): string =>
  once(`${language}/number/${digits}`, () => new Intl.NumberFormat(language, { maximumFractionDigits: digits })).format(
    value,
  );

/** A share 0..1 in per cent. */
export const formatShare = (share: number, language: string, digits = 0): string =>
  once(
    `${language}/share/${digits}`,
    () => new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: digits }),
  ).format(share);

/** What a language tag is called, in the reader's language. */
export function formatLanguage(tag: string, language: string): string {
  try {
    const names = once(`${language}/languages`, () => new Intl.DisplayNames(language, { type: 'language' }));
    return tag === 'und' ? '' : (names.of(tag) ?? tag);
  } catch {
    return tag;
  }
}
