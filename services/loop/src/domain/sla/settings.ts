import { type Channel, type Priority } from '@closeloop/contracts';
import { BusinessCalendar, type CalendarDefinition } from './business-calendar.js';

/** What is promised: a first answer, and that the team says that it is done. */
export const targets = ['first-response', 'resolution'] as const;
export type Target = (typeof targets)[number];

/** The customer's clock is wall time; the business's runs in its calendar, and not while the customer is waited for. */
export const clockNames = ['customer', 'business'] as const;
export type ClockName = (typeof clockNames)[number];

/** Milliseconds that a target has, on either clock or both; on one that is not named nothing is promised. */
export type Limits = Readonly<Partial<Record<ClockName, number>>>;

/** What is promised, and what a loop must be for it. */
export interface Promised {
  readonly limits: Readonly<Record<Target, Limits>>;
  /** Share of a limit after which it is warned of, 0 to 1; 1: not at all */
  readonly warnAt: number;
  /** Name of the calendar of the business clock; else the team's, else the default one */
  readonly calendar?: string;
}

/** A policy's own promise to some: the first whose every condition holds. */
export interface Variant extends Promised {
  readonly when: {
    readonly priorities?: readonly Priority[];
    readonly teams?: readonly string[];
    readonly channels?: readonly Channel[];
    /** One of these, at least */
    readonly segments?: readonly string[];
  };
}

export interface Policy extends Promised {
  readonly name: string;
  readonly variants: readonly Variant[];
}

/** Where a loop goes next when it is not kept in time: to somebody, to a team, or to somebody of it. */
export interface ChainStep {
  /** Milliseconds after the limit, on the clock of the limit */
  readonly after: number;
  readonly owner?: string;
  readonly team?: string;
}

export interface TeamSettings {
  readonly calendar?: string;
  /** From the first level on: lead, manager, another team */
  readonly chain: readonly ChainStep[];
}

/** One version of all that is promised; a version never changes. */
export interface SlaSettings {
  readonly version: number;
  readonly calendars: Readonly<Record<string, CalendarDefinition>>;
  readonly defaultCalendar: string;
  readonly policies: readonly Policy[];
  /** Of a route whose policy is not there */
  readonly defaultPolicy: string;
  readonly teams: Readonly<Record<string, TeamSettings>>;
}

/** What decides which promise holds. */
export interface Circumstances {
  readonly slaPolicy: string;
  readonly priority: Priority;
  readonly team: string;
  readonly channel?: Channel;
  readonly segments?: readonly string[];
}

/** What is promised to one loop, whatever is changed for others later. */
export interface Terms {
  readonly limits: Readonly<Record<Target, Limits>>;
  readonly warnAt: number;
  readonly calendar: BusinessCalendar;
  /** Of any team, as it was in that version */
  chainOf(team: string): readonly ChainStep[];
}

/** Which promise of which version, as a loop keeps it: `<version>/<policy>/<variant>/<calendar>`, variant 0 for none. */
export type TermsRef = string;

/** A version of the settings, with its calendars ready to be asked. */
export class CompiledSettings {
  readonly #calendars: ReadonlyMap<string, BusinessCalendar>;
  readonly #policies: ReadonlyMap<string, Policy>;
  readonly #terms = new Map<TermsRef, Terms>();

  constructor(readonly settings: SlaSettings) {
    this.#calendars = new Map(
      Object.entries(settings.calendars).map(([name, definition]) => [name, new BusinessCalendar(definition)]),
    );
    this.#policies = new Map(settings.policies.map((policy) => [policy.name, policy]));
  }

  /** Which promise holds for a loop that opens so. */
  refFor(circumstances: Circumstances): TermsRef {
    const { settings } = this;
    const policy = this.#policies.get(circumstances.slaPolicy) ?? this.#policies.get(settings.defaultPolicy)!;
    const variant = policy.variants.findIndex(({ when }) => holds(when, circumstances)) + 1;
    const promised: Promised = policy.variants[variant - 1] ?? policy;
    const calendar = promised.calendar ?? settings.teams[circumstances.team]?.calendar ?? settings.defaultCalendar;
    return `${settings.version}/${policy.name}/${variant}/${calendar}`;
  }

  /** @throws Error for a reference to another version, or to what is not in it */
  terms(ref: TermsRef): Terms {
    const known = this.#terms.get(ref);
    if (known) return known;
    const [version, name, variant, calendarName] = ref.split('/');
    const policy = this.#policies.get(name!);
    const promised = variant === '0' ? policy : policy?.variants[Number(variant) - 1];
    const calendar = this.#calendars.get(calendarName!);
    if (Number(version) !== this.settings.version || !promised || !calendar) {
      throw new Error(`there are no terms ${ref} in version ${this.settings.version}`);
    }
    const { teams } = this.settings;
    const { limits, warnAt } = promised;
    const terms: Terms = { limits, warnAt, calendar, chainOf: (team) => teams[team]?.chain ?? [] };
    this.#terms.set(ref, terms);
    return terms;
  }
}

export const versionOf = (ref: TermsRef): number => Number(ref.slice(0, ref.indexOf('/')));

function holds({ priorities, teams, channels, segments }: Variant['when'], given: Circumstances): boolean {
  return (
    (!priorities || priorities.includes(given.priority)) &&
    (!teams || teams.includes(given.team)) &&
    (!channels || (given.channel !== undefined && channels.includes(given.channel))) &&
    (!segments || (given.segments ?? []).some((segment) => segments.includes(segment)))
  );
}
