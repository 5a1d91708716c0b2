import { Alert, Badge, Button, Drawer, Group, Stack, Text } from '@mantine/core';
import { createContext, useContext, useMemo, useState, type ReactNode } from 'react';
import { PageLink } from '../navigation/page-link.js';
import { Busy } from '../shell/busy.js';
import { ProblemAlert } from '../shell/failure.js';
import { useText } from '../i18n/text.js';
import { formatInstant } from '../i18n/format.js';
import { formatDays } from './format.js';
import { useLabels } from './labels.js';
import { type FeedbackBehind, type MetricRow, type Unit } from './metrics.js';
import { NumberText } from './number-text.js';
import { pointOf } from '../charts/chart-data.js';
import { useFeedbackBehind } from './use-metric.js';
import { behind, type Asked } from './view-state.js';

interface Opened {
  readonly metric: string;
  readonly title: string;
  readonly unit: Unit;
  /** What the number was asked with */
  readonly asked: Asked;
  readonly row: MetricRow;
}

const DrillContext = createContext<(opened: Opened) => void>(() => undefined);

/** Opens what is behind a number. */
export const useDrill = (): ((opened: Opened) => void) => useContext(DrillContext);

/** The drawer with the feedback and loops behind a number; every number on the pages in it opens it. */
export function DrillProvider({ children }: { readonly children: ReactNode }) {
  const [opened, setOpened] = useState<Opened>();
  const { t } = useText();
  return (
    <DrillContext value={setOpened}>
      {children}
      <Drawer
        opened={opened !== undefined}
        onClose={() => setOpened(undefined)}
        position="right"
        size="lg"
        title={opened && t('drill.title', { title: opened.title })}
        closeButtonProps={{ 'aria-label': t('word.close') }}
      >
        {opened && <Behind {...opened} />}
      </Drawer>
    </DrillContext>
  );
}

function Behind({ metric, unit, asked, row }: Opened) {
  const { t, locale } = useText();
  const labels = useLabels();
  const narrowed = useMemo(() => behind(asked, row, new Date().toISOString().slice(0, 10)), [asked, row]);
  const found = useFeedbackBehind(metric, row.hidden ? undefined : narrowed);
  const items = found.data?.pages.flatMap((page) => page.items) ?? [];
  const { period } = narrowed;
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        {[formatDays(period.from, period.to, locale), labels.values(row.values)].join(' · ')}
      </Text>
      <NumberText unit={unit} point={pointOf(row)} />
      {row.hidden && <Alert color="gray">{t('drill.hidden')}</Alert>}
      {'question' in row.values && <Alert color="gray">{t('drill.questions')}</Alert>}
      {unit !== 'count' && !row.hidden && (
        <Text size="sm" c="dimmed">
          {t('drill.whole')}
        </Text>
      )}
      {found.error && <ProblemAlert error={found.error} />}
      {found.isLoading && <Busy />}
      {found.isSuccess && items.length === 0 && <Text c="dimmed">{t('drill.none')}</Text>}
      <ul className="plain-list">
        {items.map((item) => (
          <FeedbackItem key={item.feedbackId} item={item} />
        ))}
      </ul>
      {found.hasNextPage && (
        <Button variant="default" loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          {t('word.more')}
        </Button>
      )}
    </Stack>
  );
}

/** One feedback in a list: what was said, when, where, and the loop that it has. */
export function FeedbackItem({
  item,
}: {
  readonly item: Partial<FeedbackBehind> & Pick<FeedbackBehind, 'feedbackId' | 'loopId' | 'at' | 'excerpt'>;
}) {
  const { t, locale } = useText();
  const labels = useLabels();
  const { at, channel, team, sentiment, rating, survey, state, topics = [], excerpt, loopId, feedbackId } = item;
  return (
    <li className="feedback-item">
      <Text size="sm" lineClamp={3} title={excerpt ?? undefined}>
        {excerpt ?? t('feedback.erased')}
      </Text>
      <Group gap={6} mt={4}>
        <Text size="xs" c="dimmed">
          {formatInstant(new Date(at), locale)}
        </Text>
        {channel && (
          <Badge variant="light" color="gray">
            {labels.value('channel', channel)}
          </Badge>
        )}
        {team && <Badge variant="light">{labels.value('team', team)}</Badge>}
        {sentiment && (
          <Badge variant="light" color={sentiment === 'negative' ? 'red' : 'gray'}>
            {labels.value('sentiment', sentiment)}
          </Badge>
        )}
        {rating && <Badge variant="outline" color="gray">{`${rating.value} / ${rating.scale}`}</Badge>}
        {survey && <Badge variant="outline" color="gray">{`${survey.metric.toUpperCase()} ${survey.score}`}</Badge>}
        {state && <Badge variant="dot">{labels.value('state', state)}</Badge>}
        {topics.slice(0, 3).map((topic) => (
          <Text key={topic} size="xs" c="dimmed">
            {topic}
          </Text>
        ))}
      </Group>
      <Group gap="sm" mt={2}>
        {loopId && <PageLink href={`/inbox/${loopId}`}>{t('feedback.loop')}</PageLink>}
        <PageLink href={`/tags/${feedbackId}`}>{t('feedback.tags')}</PageLink>
      </Group>
    </li>
  );
}
