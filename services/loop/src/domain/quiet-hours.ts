import { Temporal } from 'temporal-polyfill';

/** Hours of the day in which nobody is to be disturbed: minutes since midnight by the customer's clock, `to` not included. */
export interface QuietHours {
  readonly from: number;
  /** Before `from`: of the next day */
  readonly to: number;
}

const pattern = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/;

/** `21:00-08:00`; undefined for what is not two different times of the day. */
export function quietHoursOf(text: string): QuietHours | undefined {
  const found = pattern.exec(text);
  if (!found) return undefined;
  const [fromHour, fromMinute, toHour, toMinute] = found.slice(1).map(Number) as [number, number, number, number];
  const hours = { from: fromHour * 60 + fromMinute, to: toHour * 60 + toMinute };
  return hours.from === hours.to ? undefined : hours;
}

/** Whether it is the name of a time zone of the IANA's. */
export function isZone(name: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    // an offset is one too, and says nothing of the seasons
    return !/^[+-]/.test(name);
  } catch {
    return false;
  }
}

/** When the quiet hours end in which `now` lies, in that zone; undefined where it lies in none. */
export function quietUntil(now: Date, zone: string, hours: QuietHours): Date | undefined {
  const here = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(zone);
  if (!isQuiet(here, hours)) return undefined;
  const end = Temporal.PlainTime.from({ hour: Math.floor(hours.to / 60), minute: hours.to % 60 });
  const today = here.toPlainDate();
  const ends: Temporal.ZonedDateTime[] = [];
  // a clock that is put back shows the end twice, one that is put forward may not show it at all: then it ends right there
  for (const date of [today, today.add({ days: 1 }), today.add({ days: 2 })]) {
    for (const disambiguation of ['earlier', 'later'] as const) {
      ends.push(date.toPlainDateTime(end).toZonedDateTime(zone, { disambiguation }));
    }
  }
  const change = here.getTimeZoneTransition('next');
  if (change) ends.push(change);
  const first = ends
    .filter((moment) => Temporal.ZonedDateTime.compare(moment, here) > 0 && !isQuiet(moment, hours))
    .sort((a, b) => Temporal.ZonedDateTime.compare(a, b))[0];
  return new Date(first!.epochMilliseconds);
}

function isQuiet({ hour, minute }: Temporal.ZonedDateTime, { from, to }: QuietHours): boolean {
  const time = hour * 60 + minute;
  return from < to ? time >= from && time < to : time >= from || time < to;
}
