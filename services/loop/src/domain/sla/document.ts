import { type Channel, type Priority, type Violation } from '@closeloop/contracts';
import { Temporal } from 'temporal-polyfill';
import { BusinessCalendar, weekdays, type CalendarDefinition, type Shift, type Weekday } from './business-calendar.js';
import {
  type ChainStep,
  type Limits,
  type Policy,
  type Promised,
  type SlaSettings,
  type TeamSettings,
} from './settings.js';

/** `hh:mm` to `hh:mm` of the wall clock; 24:00 is the end of the day. */
export interface ShiftDocument {
  readonly from: string;
  readonly to: string;
}

/** ISO 8601 durations: `PT4H`, `PT90M`; for the customer's clock also `P2D`, days of 24 hours. */
export interface LimitsDocument {
  readonly customer?: string;
  readonly business?: string;
}

export interface PromisedDocument {
  readonly firstResponse?: LimitsDocument;
  readonly resolution?: LimitsDocument;
  /** Share of a limit, 0 to 1 */
  readonly warnAt?: number;
  readonly calendar?: string;
}

/** What people write: all that is promised, and along whom a loop goes up. */
export interface SlaDocument {
  readonly calendars: readonly {
    readonly name: string;
    readonly zone: string;
    readonly shifts: readonly (ShiftDocument & { readonly days: readonly Weekday[] })[];
    readonly exceptions?: readonly { readonly date: string; readonly shifts: readonly ShiftDocument[] }[];
  }[];
  readonly defaultCalendar: string;
  readonly policies: readonly (PromisedDocument & {
    readonly name: string;
    readonly variants?: readonly (PromisedDocument & {
      readonly priorities?: readonly Priority[];
      readonly teams?: readonly string[];
      readonly channels?: readonly Channel[];
      readonly segments?: readonly string[];
    })[];
  })[];
  readonly defaultPolicy: string;
  readonly teams: readonly {
    readonly team: string;
    readonly calendar?: string;
    readonly chain?: readonly { readonly after: string; readonly owner?: string; readonly team?: string }[];
  }[];
}

/** What is warned of where nothing else is said: three quarters of the limit. */
const usualWarning = 0.75;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** Most that may be promised: of work, and of wall time. */
const mostMs: Readonly<Record<keyof LimitsDocument, number>> = {
  business: 2_000 * hourMs,
  customer: 366 * 24 * hourMs,
};
/** A calendar works an hour a week at least, so that every limit is reached within forty years. */
const leastWeekMs = hourMs;

/** Collects what is wrong, each with its pointer. */
class Reading {
  readonly violations: Violation[] = [];

  wrong(pointer: string, rule: string, message: string): void {
    this.violations.push({ pointer, rule, message });
  }

  /** Each name once. */
  names(items: readonly { readonly name: string }[], pointer: string): ReadonlySet<string> {
    const seen = new Set<string>();
    for (const [index, { name }] of items.entries()) {
      if (seen.has(name)) this.wrong(`${pointer}/${index}/name`, 'unique', `${name} is there already`);
      seen.add(name);
    }
    return seen;
  }

  known(name: string | undefined, names: ReadonlySet<string>, pointer: string, what: string): void {
    if (name !== undefined && !names.has(name)) {
      this.wrong(pointer, 'known', `there is no ${what} ${name}: ${[...names].join(', ')}`);
    }
  }

  duration(text: string | undefined, pointer: string, mostMs: number, leastMs: number, days: boolean): number {
    if (text === undefined) return 0;
    const example = days ? 'PT4H or P2D' : 'PT4H; days are not all of one length on a business clock';
    let ms: number;
    try {
      const duration = Temporal.Duration.from(text);
      if (duration.years || duration.months || duration.weeks || (!days && duration.days)) throw new RangeError(text);
      ms = duration.total({ unit: 'milliseconds' });
    } catch {
      this.wrong(pointer, 'isDuration', `must be an ISO 8601 duration such as ${example}`);
      return 0;
    }
    if (ms < leastMs || ms > mostMs) {
      this.wrong(pointer, 'bounds', `must be ${leastMs / 1000} s to ${mostMs / hourMs} h`);
    }
    return ms;
  }

  /** Shifts of a day, in order. */
  shifts(documents: readonly ShiftDocument[], pointer: string): readonly Shift[] {
    const shifts = documents.map(({ from, to }, index) => {
      const shift = { from: minutesOf(from), to: minutesOf(to) };
      if (shift.from >= shift.to) this.wrong(`${pointer}/${index}/to`, 'order', `must be later than ${from}`);
      return shift;
    });
    const ordered = [...shifts].sort((a, b) => a.from - b.from);
    for (const [index, shift] of ordered.entries()) {
      if (index > 0 && ordered[index - 1]!.to > shift.from) {
        this.wrong(pointer, 'overlap', 'shifts of one day must not overlap');
        break;
      }
    }
    return ordered;
  }

  calendar({ zone, shifts, exceptions = [] }: SlaDocument['calendars'][number], pointer: string): CalendarDefinition {
    const week: Partial<Record<Weekday, readonly Shift[]>> = {};
    for (const day of weekdays) {
      const ofDay = shifts.filter(({ days }) => days.includes(day));
      if (ofDay.length > 0) week[day] = this.shifts(ofDay, `${pointer}/shifts`);
    }
    const dates: Record<string, readonly Shift[]> = {};
    for (const [index, { date, shifts: ofDate }] of exceptions.entries()) {
      const at = `${pointer}/exceptions/${index}`;
      if (!isDate(date)) this.wrong(`${at}/date`, 'isDate', 'must be a day that exists, yyyy-mm-dd');
      else if (date in dates) this.wrong(`${at}/date`, 'unique', `${date} is there already`);
      dates[date] = this.shifts(ofDate, `${at}/shifts`);
    }
    const definition: CalendarDefinition = { zone, week, exceptions: dates };
    if (!isZone(zone)) this.wrong(`${pointer}/zone`, 'isTimeZone', 'must be an IANA time zone such as Europe/Berlin');
    else if (new BusinessCalendar({ zone: 'UTC', week, exceptions: {} }).between(0, 7 * 24 * hourMs) < leastWeekMs) {
      this.wrong(`${pointer}/shifts`, 'bounds', 'must be an hour a week at least');
    }
    return definition;
  }

  limits(document: LimitsDocument | undefined, pointer: string): Limits {
    const { customer, business } = document ?? {};
    return {
      ...(customer !== undefined && {
        customer: this.duration(customer, `${pointer}/customer`, mostMs.customer, 1000, true),
      }),
      ...(business !== undefined && {
        business: this.duration(business, `${pointer}/business`, mostMs.business, 1000, false),
      }),
    };
  }

  /** `usual`: what holds where nothing is said. */
  promised(document: PromisedDocument, pointer: string, calendars: ReadonlySet<string>, usual?: Promised): Promised {
    const { firstResponse, resolution, warnAt, calendar = usual?.calendar } = document;
    this.known(document.calendar, calendars, `${pointer}/calendar`, 'calendar');
    return {
      limits: {
        'first-response':
          firstResponse === undefined && usual
            ? usual.limits['first-response']
            : this.limits(firstResponse, `${pointer}/firstResponse`),
        resolution:
          resolution === undefined && usual
            ? usual.limits.resolution
            : this.limits(resolution, `${pointer}/resolution`),
      },
      warnAt: warnAt ?? usual?.warnAt ?? usualWarning,
      ...(calendar !== undefined && { calendar }),
    };
  }

  policy(document: SlaDocument['policies'][number], pointer: string, calendars: ReadonlySet<string>): Policy {
    const own = this.promised(document, pointer, calendars);
    return {
      name: document.name,
      ...own,
      variants: (document.variants ?? []).map((variant, index) => {
        const { priorities, teams, channels, segments } = variant;
        if (!priorities && !teams && !channels && !segments) {
          this.wrong(`${pointer}/variants/${index}`, 'condition', 'name priorities, teams, channels or segments');
        }
        return {
          ...this.promised(variant, `${pointer}/variants/${index}`, calendars, own),
          when: {
            ...(priorities && { priorities }),
            ...(teams && { teams }),
            ...(channels && { channels }),
            ...(segments && { segments }),
          },
        };
      }),
    };
  }

  chain(document: SlaDocument['teams'][number], pointer: string): readonly ChainStep[] {
    return (document.chain ?? []).map(({ after, owner, team }, index) => {
      const at = `${pointer}/chain/${index}`;
      if (owner === undefined && team === undefined) this.wrong(at, 'assignment', 'name an owner, a team, or both');
      return {
        after: this.duration(after, `${at}/after`, mostMs.business, 0, false),
        ...(owner !== undefined && { owner }),
        ...(team !== undefined && { team }),
      };
    });
  }
}

/** The settings that a document means, or all that is wrong with it. Its shape was checked before. */
export function readDocument(
  document: SlaDocument,
  version: number,
): { readonly settings: SlaSettings } | { readonly violations: readonly Violation[] } {
  const reading = new Reading();
  const calendars = reading.names(document.calendars, '/calendars');
  const policies = reading.names(document.policies, '/policies');
  reading.names(
    document.teams.map(({ team }) => ({ name: team })),
    '/teams',
  );
  reading.known(document.defaultCalendar, calendars, '/defaultCalendar', 'calendar');
  reading.known(document.defaultPolicy, policies, '/defaultPolicy', 'policy');
  const settings: SlaSettings = {
    version,
    calendars: Object.fromEntries(
      document.calendars.map((calendar, index) => [calendar.name, reading.calendar(calendar, `/calendars/${index}`)]),
    ),
    defaultCalendar: document.defaultCalendar,
    policies: document.policies.map((policy, index) => reading.policy(policy, `/policies/${index}`, calendars)),
    defaultPolicy: document.defaultPolicy,
    teams: Object.fromEntries(
      document.teams.map((team, index): [string, TeamSettings] => {
        reading.known(team.calendar, calendars, `/teams/${index}/calendar`, 'calendar');
        const chain = reading.chain(team, `/teams/${index}`);
        return [team.team, { chain, ...(team.calendar !== undefined && { calendar: team.calendar }) }];
      }),
    ),
  };
  return reading.violations.length > 0 ? { violations: reading.violations } : { settings };
}

const minutesOf = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    // an offset is no zone: it has no changes of the clock
    return !/^[+-]/.test(zone);
  } catch {
    return false;
  }
}

function isDate(text: string): boolean {
  try {
    return Temporal.PlainDate.from(text, { overflow: 'reject' }).toString() === text;
  } catch {
    return false;
  }
}
