import { useCallback, useMemo } from 'react';
import { useSearch } from '../navigation/search.js';
import {
  type Asked,
  type Period,
  periodOf,
  searchOf,
  usualGrain,
  type ViewState,
  viewStateOf,
} from '../metrics/view-state.js';
import { useLatestPeriod } from '../metrics/use-metric.js';

export interface View {
  readonly state: ViewState;
  readonly change: (state: ViewState) => void;
  /** Undefined while it is not known which days have any feedback */
  readonly period?: Period;
  /** Nothing was ever said here */
  readonly empty: boolean;
  /** The same days and filters for all that is asked */
  readonly base?: Asked;
  readonly grain: 'day' | 'week' | 'month';
}

/** What the address says to look at. */
export function useView(): View {
  const [search, setSearch] = useSearch();
  const state = useMemo(() => viewStateOf(search), [search]);
  const today = new Date().toISOString().slice(0, 10);
  const latest = useLatestPeriod(today, state.period === undefined);
  const change = useCallback((next: ViewState) => setSearch(searchOf(next, search)), [search, setSearch]);
  const period = state.period === undefined && !latest.period ? undefined : periodOf(state, today, latest.period);
  return {
    ...{ state, change, empty: latest.empty === true },
    ...(period && { period, base: { period, filters: state.filters, clock: state.clock } }),
    grain: state.grain ?? (period ? usualGrain(period) : 'day'),
  };
}
