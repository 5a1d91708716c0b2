import { useInfiniteQuery, useQuery, useQueryClient, type InfiniteData } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { pollingMs, useChanges, useLiveness, type LoopChange } from '../api/changes.js';
import { api } from '../api/client.js';
import { type ListedLoop, type LoopPage, type WholeLoop } from '../api/loops.js';
import { stillShown, queryOf, type InboxFilters } from './filters.js';

const pageSize = 100;
/** Up to so many pages a list is simply asked for again when something changes. */
const refetchedPages = 3;
/** Changes come in bursts; a list is asked for again once after one. */
const settleMs = 1_000;

/** The list of the inbox: pages as they are scrolled to, kept up with what happens. */
export function useLoopList(filters: InboxFilters, subject: string) {
  const client = useQueryClient();
  const key = ['loop', 'list', filters, subject] as const;
  const liveness = useLiveness();
  const [fresh, setFresh] = useState(0);
  const timer = useRef<number>(undefined);

  const list = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) =>
      api.get<LoopPage>('loop', '/v1/loops', {
        query: { ...queryOf(filters, subject), limit: pageSize, cursor: pageParam },
        signal,
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ cursor }) => cursor,
    refetchInterval: (query) =>
      liveness !== 'live' && (query.state.data?.pages.length ?? 0) <= refetchedPages ? pollingMs : false,
  });
  const { refetch } = list;

  const renew = useCallback(() => {
    setFresh(0);
    void client.resetQueries({ queryKey: ['loop', 'list'] });
  }, [client]);

  useChanges(
    useCallback(
      (change: LoopChange) => {
        const pages = client.getQueryData<InfiniteData<LoopPage>>(['loop', 'list', filters, subject])?.pages ?? [];
        const isListed = pages.some(({ items }) => items.some(({ loopId }) => loopId === change.loopId));
        if (isListed)
          client.setQueryData<InfiniteData<LoopPage>>(
            ['loop', 'list', filters, subject],
            (data) => data && moved(data, change, filters),
          );
        else if (stillShown(filters, change) && change.change === 'opened') setFresh((count) => count + 1);
        else return;
        if (pages.length > refetchedPages) return;
        window.clearTimeout(timer.current);
        timer.current = window.setTimeout(() => {
          setFresh(0);
          void refetch();
        }, settleMs);
      },
      [client, filters, subject, refetch],
    ),
  );
  useEffect(() => () => window.clearTimeout(timer.current), []);

  return { list, fresh, renew };
}

/** A list after a step of one of its loops: where the filters hold for it no more, it leaves. */
function moved(data: InfiniteData<LoopPage>, change: LoopChange, filters: InboxFilters): InfiniteData<LoopPage> {
  const stays = stillShown(filters, change);
  return {
    ...data,
    pages: data.pages.map((page) => ({
      ...page,
      items: page.items.flatMap((loop): ListedLoop[] => {
        if (loop.loopId !== change.loopId || loop.version >= change.version) return [loop];
        return stays ? [{ ...loop, state: change.state, team: change.team, version: change.version }] : [];
      }),
    })),
  };
}

/** One loop with all that belongs to it, up to date while it is looked at. */
export function useLoop(loopId: string | undefined) {
  const client = useQueryClient();
  const liveness = useLiveness();
  const loop = useQuery({
    queryKey: ['loop', 'one', loopId],
    queryFn: ({ signal }) => api.get<WholeLoop>('loop', `/v1/loops/${loopId}`, { signal }),
    enabled: loopId !== undefined,
    refetchInterval: liveness === 'live' ? 60_000 : pollingMs,
  });
  useChanges(
    useCallback(
      (change: LoopChange) => {
        if (change.loopId === loopId) void client.invalidateQueries({ queryKey: ['loop', 'one', loopId] });
      },
      [client, loopId],
    ),
  );
  return loop;
}
