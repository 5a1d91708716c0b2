import {
  ActionIcon,
  Alert,
  Anchor,
  Button,
  Center,
  Checkbox,
  Group,
  Kbd,
  Skeleton,
  Stack,
  Text,
  Tooltip,
  VisuallyHidden,
} from '@mantine/core';
import { useDisclosure, useDocumentTitle } from '@mantine/hooks';
import { IconKeyboard } from '@tabler/icons-react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation, useParams, useSearchParams } from 'wouter';
import { useLiveness } from '../api/changes.js';
import { type Loop } from '../api/loops.js';
import { useSession } from '../api/session.js';
import { ProblemAlert } from '../shell/failure.js';
import { BulkBar } from './bulk-bar.js';
import { FilterBar } from './filter-bar.js';
import { readFilters, writeFilters, type InboxFilters } from './filters.js';
import classes from './inbox.module.css';
import { KeyboardHelp } from './keyboard-help.js';
import { LoopDetail, type LoopDetailHandle } from './loop-detail.js';
import { LoopList, type LoopListHandle } from './loop-list.js';
import { useCommands } from './use-commands.js';
import { useKeys } from './use-keys.js';
import { useLoop, useLoopList } from './use-loops.js';
import { useNow } from './use-now.js';

/** The work of a team: what is to be answered, and everything that helps to answer it. */
export default function InboxPage() {
  const { t } = useTranslation();
  const session = useSession();
  const now = useNow();
  const liveness = useLiveness();
  const { loopId } = useParams<{ loopId?: string }>();
  const [, navigate] = useLocation();
  const [search, setSearch] = useSearchParams();
  const filters = useMemo(() => readFilters(search), [search]);
  const { list, fresh, renew } = useLoopList(filters, session.subject);
  const loops = useMemo(() => list.data?.pages.flatMap(({ items }) => items) ?? [], [list.data]);
  const commands = useCommands();
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [help, helpActions] = useDisclosure();
  const listHandle = useRef<LoopListHandle>(null);
  const detailHandle = useRef<LoopDetailHandle>(null);
  const searchField = useRef<HTMLInputElement>(null);
  useDocumentTitle(`${t('shell.navigation.inbox')} · Closeloop`);

  const query = writeFilters(filters).toString();
  const hrefOf = useCallback((id: string) => `/inbox/${id}${query === '' ? '' : `?${query}`}`, [query]);
  const closeHref = `/inbox${query === '' ? '' : `?${query}`}`;

  const at = loops.findIndex((loop) => loop.loopId === loopId);
  // where it was, should it leave the list while it is looked at: the next one has moved up to there
  const lastAt = useRef(-1);
  useEffect(() => {
    if (at >= 0) lastAt.current = at;
  }, [at]);
  const { data: current } = useLoop(loopId);
  const chosen = loops.filter((loop) => selected.has(loop.loopId));
  const subjects: readonly Loop[] = chosen.length > 0 ? chosen : current ? [current] : [];

  const go = (step: number) => {
    const from = at >= 0 ? at : step > 0 ? lastAt.current - 1 : lastAt.current;
    const next = Math.min(loops.length - 1, Math.max(0, from + step));
    const loop = loops[next];
    if (!loop) return;
    navigate(hrefOf(loop.loopId), { replace: loopId !== undefined });
    listHandle.current?.focus(next);
  };
  const select = useCallback((id: string, is: boolean) => {
    setSelected((before) => {
      const after = new Set(before);
      if (is) after.add(id);
      else after.delete(id);
      return after;
    });
  }, []);
  const give = (name: 'acknowledge' | 'resolve') => {
    commands.give(
      name,
      subjects.filter(({ state }) =>
        (name === 'acknowledge' ? ['opened', 'reopened'] : ['acknowledged', 'responded']).includes(state),
      ),
    );
    setSelected(new Set());
  };

  useKeys({
    j: () => go(1),
    k: () => go(-1),
    a: () => give('acknowledge'),
    e: () => give('resolve'),
    r: () => detailHandle.current?.respond(),
    x: () => loopId !== undefined && select(loopId, !selected.has(loopId)),
    u: () => commands.undo(),
    '/': () => searchField.current?.focus(),
    '?': helpActions.open,
    Escape: () => {
      if (selected.size > 0) setSelected(new Set());
      else if (loopId !== undefined) navigate(closeHref);
    },
  });

  const change = (next: InboxFilters) => {
    setSelected(new Set());
    setSearch(writeFilters(next), { replace: true });
  };
  const { fetchNextPage, hasNextPage, isFetchingNextPage, isPending, error } = list;
  const more = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage();
  }, [fetchNextPage, isFetchingNextPage]);

  return (
    <div className={classes.page} data-open={loopId !== undefined || undefined}>
      <section className={`${classes.pane} ${classes.listPane}`} aria-label={t('inbox.title')}>
        <VisuallyHidden component="h1">{t('inbox.title')}</VisuallyHidden>
        <FilterBar filters={filters} onChange={change} searchField={searchField} />
        <Group className={classes.bar} py={4} justify="space-between" wrap="nowrap" mih={34}>
          <Group gap={8} wrap="nowrap">
            <Checkbox
              size="xs"
              aria-label={t('inbox.selectAll')}
              checked={loops.length > 0 && chosen.length === loops.length}
              indeterminate={chosen.length > 0 && chosen.length < loops.length}
              onChange={({ currentTarget }) =>
                setSelected(new Set(currentTarget.checked ? loops.map((loop) => loop.loopId) : []))
              }
            />
            <Text size="xs" c="dimmed" className="tabular" role="status">
              {isPending ? ' ' : t(hasNextPage ? 'inbox.countMore' : 'inbox.count', { count: loops.length })}
            </Text>
          </Group>
          <Group gap={8} wrap="nowrap">
            {liveness === 'polling' && (
              <Text size="xs" c="dimmed" title={t('inbox.pollingTitle')}>
                {t('inbox.polling')}
              </Text>
            )}
            {fresh > 0 && (
              <Button size="compact-xs" variant="light" onClick={renew}>
                {t('inbox.fresh', { count: fresh })}
              </Button>
            )}
            <Tooltip label={t('inbox.keys.title')}>
              <ActionIcon
                variant="subtle"
                color="gray"
                size="sm"
                onClick={helpActions.open}
                aria-label={t('inbox.keys.title')}
              >
                <IconKeyboard size={16} aria-hidden />
              </ActionIcon>
            </Tooltip>
          </Group>
        </Group>
        {chosen.length > 0 && <BulkBar loops={chosen} commands={commands} onDone={() => setSelected(new Set())} />}
        {error && loops.length === 0 ? (
          <ProblemAlert error={error} onAgain={() => void list.refetch()} />
        ) : isPending ? (
          <Stack gap={0} aria-busy>
            {Array.from({ length: 8 }, (_, n) => (
              <Stack key={n} gap={8} px="sm" py={12} h={84}>
                <Skeleton h={10} w="45%" />
                <Skeleton h={10} />
                <Skeleton h={10} w="65%" />
              </Stack>
            ))}
          </Stack>
        ) : loops.length === 0 ? (
          <Nothing filters={filters} />
        ) : (
          <LoopList
            ref={listHandle}
            {...{ loops, selected, hrefOf, now }}
            hasMore={hasNextPage}
            onMore={more}
            onSelect={select}
            current={loopId}
            heldFor={commands.heldFor}
          />
        )}
      </section>
      <section className={`${classes.pane} ${classes.detailPane}`} aria-label={t('inbox.detail')}>
        {loopId === undefined ? (
          <Center h="100%" p="xl">
            <Stack gap={6} align="center">
              <Text size="sm" c="dimmed">
                {t('inbox.pick')}
              </Text>
              <Text size="xs" c="dimmed">
                <Kbd size="xs">j</Kbd> <Kbd size="xs">k</Kbd> {t('inbox.keys.move')} · <Kbd size="xs">?</Kbd>{' '}
                {t('inbox.keys.help')}
              </Text>
            </Stack>
          </Center>
        ) : (
          <LoopDetail
            key={loopId}
            ref={detailHandle}
            loopId={loopId}
            selected={chosen}
            {...{ commands, session, now, closeHref }}
          />
        )}
      </section>
      <KeyboardHelp opened={help} onClose={helpActions.close} />
    </div>
  );
}

/** Nothing there, or nothing that the filters let through: two different things. */
function Nothing({ filters }: { readonly filters: InboxFilters }) {
  const { t } = useTranslation();
  const isFiltered = writeFilters({ ...filters, sort: 'due' }).toString() !== '';
  return (
    <Center flex={1} p="xl">
      <Alert variant="transparent" ta="center" maw={300}>
        <Text fw={600} size="sm">
          {t(isFiltered ? 'inbox.nothingFound' : 'inbox.nothingOpen')}
        </Text>
        <Text size="sm" c="dimmed" mt={4}>
          {t(isFiltered ? 'inbox.nothingFoundHint' : 'inbox.nothingOpenHint')}
        </Text>
        {isFiltered && (
          <Anchor component={Link} href="/inbox" size="sm" mt="xs" display="block">
            {t('inbox.clear')}
          </Anchor>
        )}
      </Alert>
    </Center>
  );
}
