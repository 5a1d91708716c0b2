import { Checkbox, Group, Text, VisuallyHidden } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { forwardRef, useEffect, useImperativeHandle, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { type ListedLoop } from '../api/loops.js';
import { useTeamName } from '../api/teams.js';
import { DueMark, PriorityMark, RatingMark, StateBadge } from './badges.js';
import { dueOf } from './clocks.js';
import classes from './inbox.module.css';
import { type Commands } from './use-commands.js';

/** Pixels; all rows are alike, so that ten thousand of them need no measuring. */
const rowHeight = 84;
/** How near to its end the list asks for more. */
const askedBefore = 20;

export interface LoopListHandle {
  /** Brings a row into view, and the keyboard to it. */
  focus(index: number): void;
}

interface Properties {
  readonly loops: readonly ListedLoop[];
  readonly hasMore: boolean;
  readonly onMore: () => void;
  readonly selected: ReadonlySet<string>;
  readonly onSelect: (loopId: string, selected: boolean) => void;
  readonly current: string | undefined;
  readonly hrefOf: (loopId: string) => string;
  readonly heldFor: Commands['heldFor'];
  readonly now: Date;
}

/** The rows that are seen, of however many there are. */
export const LoopList = forwardRef<LoopListHandle, Properties>(function LoopList(
  { loops, hasMore, onMore, selected, onSelect, current, hrefOf, heldFor, now },
  handle,
) {
  const { t } = useTranslation();
  const teamName = useTeamName();
  const viewport = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: loops.length,
    getScrollElement: () => viewport.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => loops[index]!.loopId,
    overscan: 8,
  });
  const shown = rows.getVirtualItems();
  const lastShown = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && lastShown >= loops.length - askedBefore) onMore();
  }, [hasMore, lastShown, loops.length, onMore]);

  useImperativeHandle(handle, () => ({
    focus(index) {
      rows.scrollToIndex(index, { align: 'auto' });
      // it may have to be drawn first
      requestAnimationFrame(() =>
        requestAnimationFrame(() => viewport.current?.querySelector<HTMLElement>(`[data-index="${index}"] a`)?.focus()),
      );
    },
  }));

  return (
    <div ref={viewport} className={classes.viewport} tabIndex={-1}>
      <ul className={classes.rows} style={{ height: rows.getTotalSize() }} aria-label={t('inbox.list')}>
        {shown.map(({ index, key, start }) => {
          const loop = loops[index]!;
          const { loopId, glimpse } = loop;
          const due = dueOf(loop, now);
          const held = heldFor(loopId);
          const author = glimpse?.author ?? t('loop.somebody');
          return (
            <li
              key={key}
              data-index={index}
              aria-posinset={index + 1}
              aria-setsize={hasMore ? -1 : loops.length}
              className={classes.row}
              data-current={loopId === current || undefined}
              data-held={held !== undefined || undefined}
              style={{ height: rowHeight, transform: `translateY(${start}px)` }}
            >
              <Checkbox
                size="xs"
                className={classes.check}
                checked={selected.has(loopId)}
                onChange={({ currentTarget }) => onSelect(loopId, currentTarget.checked)}
                aria-label={t('inbox.select', { who: author })}
              />
              <Link
                href={hrefOf(loopId)}
                className={classes.link}
                aria-current={loopId === current ? 'true' : undefined}
              >
                <Group gap={6} wrap="nowrap" justify="space-between">
                  <Group gap={6} wrap="nowrap" miw={0}>
                    <PriorityMark priority={loop.priority} />
                    <Text size="sm" fw={600} truncate title={author}>
                      {author}
                    </Text>
                    {glimpse?.rating && <RatingMark rating={glimpse.rating} />}
                  </Group>
                  {due && <DueMark due={due} />}
                </Group>
                <Text size="sm" truncate className={classes.excerpt}>
                  {glimpse?.title !== undefined && <strong>{glimpse.title} </strong>}
                  {glimpse?.excerpt ?? (glimpse?.title === undefined ? t('loop.erased') : '')}
                </Text>
                <Group gap={6} wrap="nowrap" mt={2}>
                  <StateBadge state={loop.state} />
                  <Text size="xs" c="dimmed" truncate>
                    {[
                      teamName(loop.team),
                      ...(loop.channel === undefined ? [] : [t(`loop.channel.${loop.channel as 'review'}`)]),
                      ...loop.topics.slice(0, 2),
                    ].join(' · ')}
                  </Text>
                  {loop.owner !== undefined && (
                    <Text
                      size="xs"
                      c="dimmed"
                      truncate
                      ml="auto"
                      style={{ flex: 'none', maxWidth: 96 }}
                      title={loop.owner}
                    >
                      {loop.owner}
                    </Text>
                  )}
                </Group>
                {held && <VisuallyHidden>{t(`inbox.done.${held}`, { count: 1 })}</VisuallyHidden>}
              </Link>
            </li>
          );
        })}
      </ul>
    </div>
  );
});
