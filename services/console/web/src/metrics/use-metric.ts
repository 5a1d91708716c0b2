import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { api } from '../api/client.js';
import { type FeedbackBehind, type MetricAnswer, type MetricDefinition } from './metrics.js';
import { addDays, queryOf, type Asked, type Period } from './view-state.js';

/** A metric as it was asked for; nothing is asked while there is nothing to ask. */
export function useMetric(name: string, asked: Asked | undefined) {
  const query = asked && queryOf(asked).toString();
  return useQuery({
    queryKey: ['metric', name, query],
    queryFn: ({ signal }) => api.get<MetricAnswer>('insights', `/v1/metrics/${name}?${query ?? ''}`, { signal }),
    enabled: query !== undefined,
    placeholderData: keepPreviousData,
  });
}

/** Where the same answer is as CSV. */
export const csvAddress = (name: string, asked: Asked): string =>
  `/api/insights/v1/metrics/${name}?${queryOf(asked).toString()}&format=csv`;

export function useDefinitions() {
  return useQuery({
    queryKey: ['metrics'],
    queryFn: ({ signal }) => api.get<{ metrics: readonly MetricDefinition[] }>('insights', '/v1/metrics', { signal }),
    staleTime: Infinity,
  });
}

const pageSize = 50;

/** What is behind a number, page by page. */
export function useFeedbackBehind(name: string, asked: Asked | undefined) {
  const query = asked && queryOf(asked).toString();
  return useInfiniteQuery({
    queryKey: ['behind', name, query],
    queryFn: ({ pageParam, signal }) =>
      api.get<{ items: readonly FeedbackBehind[]; cursor?: string }>(
        'insights',
        `/v1/metrics/${name}/feedback?${query ?? ''}&limit=${pageSize}${pageParam && `&cursor=${encodeURIComponent(pageParam)}`}`,
        { signal },
      ),
    initialPageParam: '',
    getNextPageParam: ({ cursor }) => cursor,
    enabled: query !== undefined,
  });
}

/** Before any customer could say anything here */
const longAgo = '2000-01-01';
const usualDays = 30;

/**
 * The days that are shown where nobody has chosen any: the last 30, or the 30 up to the last feedback where it is
 * older, so that what was imported is seen at once. Undefined while that is not known.
 */
export function useLatestPeriod(
  today: string,
  wanted: boolean,
): { readonly period?: Period; readonly empty?: boolean } {
  const tomorrow = addDays(today, 1);
  const usual = { from: addDays(tomorrow, -usualDays), to: tomorrow };
  const recent = useMetric('volume', wanted ? { period: usual, filters: {} } : undefined);
  const recentN = recent.data?.rows.reduce((sum, { n }) => sum + n, 0);
  const months = useMetric(
    'volume',
    recentN === 0 ? { period: { from: longAgo, to: tomorrow }, filters: {}, grain: 'month' } : undefined,
  );
  const lastMonth = months.data?.rows
    .filter(({ n }) => n > 0)
    .map(({ period }) => period ?? '')
    .sort()
    .at(-1);
  const month = lastMonth === undefined ? undefined : `${lastMonth.slice(0, 7)}-01`;
  const days = useMetric(
    'volume',
    recentN === 0 && month !== undefined
      ? { period: { from: month, to: addDays(month, 31) }, filters: {}, grain: 'day' }
      : undefined,
  );
  if (recentN === undefined || recent.error) return recent.error ? { period: usual } : {};
  if (recentN > 0) return { period: usual };
  if (months.data && month === undefined) return { period: usual, empty: true };
  const last = days.data?.rows
    .filter(({ n }) => n > 0)
    .map(({ period }) => period ?? '')
    .sort()
    .at(-1);
  if (last === undefined) return days.error || months.error ? { period: usual } : {};
  const to = addDays(last.slice(0, 10), 1);
  return { period: { from: addDays(to, -usualDays), to } };
}
