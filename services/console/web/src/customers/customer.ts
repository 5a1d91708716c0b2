/** Something that a customer said, or that was done about it. */
export interface Moment {
  readonly at: string;
  readonly kind: string;
  readonly channel?: string | null;
  readonly touchpoint?: string | null;
  readonly feedbackId?: string | null;
  readonly loopId?: string | null;
  readonly change?: string | null;
  readonly excerpt?: string | null;
  readonly sentiment?: string | null;
  readonly rating?: { readonly value: number; readonly scale: number } | null;
  readonly survey?: { readonly metric: string; readonly score: number; readonly scale: number } | null;
}

/** The last of its kind, and how many there are */
interface Score {
  readonly value: number;
  readonly scale: number;
  readonly at: string;
  readonly n: number;
}

export interface Customer {
  readonly customerKey: string;
  readonly timeline: readonly Moment[];
  readonly scores: Readonly<Record<string, Score>>;
  readonly segments: readonly string[];
  readonly value?: {
    readonly orders: number;
    readonly total: number;
    readonly currency?: string | null;
    /** Share 0..1 */
    readonly repeatRate?: number | null;
  } | null;
  readonly churnRisk: {
    /** Probability 0..1; null without a model */
    readonly value: number | null;
    /** Names of what speaks for it */
    readonly reasons: readonly string[];
    readonly model: string | null;
    readonly note?: string | null;
  };
}

/** The newest first, by day (UTC). */
export function byDay(timeline: readonly Moment[]): readonly (readonly [day: string, moments: readonly Moment[]])[] {
  const days = new Map<string, Moment[]>();
  for (const moment of timeline.toSorted((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0))) {
    const day = moment.at.slice(0, 10);
    const known = days.get(day);
    if (known) known.push(moment);
    else days.set(day, [moment]);
  }
  return [...days];
}
