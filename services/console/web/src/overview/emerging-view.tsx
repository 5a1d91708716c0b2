import { Badge, Button, Card, Collapse, Group, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { api } from '../api/client.js';
import { PageLink } from '../navigation/page-link.js';
import { Busy } from '../shell/busy.js';
import { ProblemAlert } from '../shell/failure.js';
import { useText } from '../i18n/text.js';
import { FeedbackItem } from '../metrics/drill.js';
import { formatNumber } from '../i18n/format.js';
import { formatPeriod } from '../metrics/format.js';
import { useLabels } from '../metrics/labels.js';
import { type Interval } from '../metrics/metrics.js';
import { formatP } from './drivers.js';
import { type Period } from '../metrics/view-state.js';
import { Dismiss } from './dismiss.js';
import { type View } from './view.js';

interface Kind {
  /** null: all feedback, whatever it is about */
  readonly topic: string | null;
  readonly location: string | null;
  readonly product: string | null;
}

interface Emerging extends Kind {
  readonly emergingId: string;
  /** First day that it was out of the ordinary */
  readonly since: string;
  readonly lastDay: string;
  readonly observed: number;
  readonly expected: number;
  readonly ratio: number;
  readonly interval: Interval | null;
  readonly q: number | null;
  readonly team: string | null;
  readonly state: 'open' | 'over' | 'dismissed';
  /** Raised for the team that can change it */
  readonly insightId?: string | null;
  /** The topics, places and products that make up most of it */
  readonly carriedBy: readonly (Kind & { readonly observed: number; readonly expected: number })[];
  readonly feedback: readonly {
    readonly feedbackId: string;
    readonly loopId: string | null;
    readonly at: string;
    readonly excerpt: string | null;
  }[];
}

export const EmergingView = ({ view }: { readonly view: View }) => {
  const { t } = useText();
  return <EmergingList title={t('emerging.title')} period={view.period} />;
};

interface ListProps {
  readonly title: string;
  readonly most?: number;
  /** Undefined while it is not known which days are looked at */
  readonly period: Period | undefined;
}

/** Topics that came more often in these days than their season lets expect; those that still do first. */
export function EmergingList({ title, most = 50, period }: ListProps) {
  const { t } = useText();
  const heading = useId();
  const query = period && new URLSearchParams({ ...period, limit: String(most) }).toString();
  const { data, error, isPending } = useQuery({
    queryKey: ['emerging', query],
    queryFn: ({ signal }) =>
      api.get<{ items: readonly Emerging[] }>('insights', `/v1/emerging?${query ?? ''}`, { signal }),
    enabled: query !== undefined,
  });
  const items = data?.items ?? [];
  return (
    <Card withBorder padding="md" component="section" aria-labelledby={heading}>
      <Title order={2} size="h3" id={heading}>
        {title}
      </Title>
      {isPending && <Busy />}
      {error && <ProblemAlert error={error} />}
      {data && items.length === 0 && (
        <Text size="sm" c="dimmed" mt="xs">
          {t('emerging.none')}
        </Text>
      )}
      <ul className="plain-list rows">
        {items.map((item) => (
          <EmergingItem key={item.emergingId} item={item} />
        ))}
      </ul>
    </Card>
  );
}

function EmergingItem({ item }: { readonly item: Emerging }) {
  const { t, locale } = useText();
  const labels = useLabels();
  const [opened, setOpened] = useState(false);
  const {
    topic,
    location,
    product,
    since,
    lastDay,
    observed,
    expected,
    ratio,
    interval,
    q,
    team,
    state,
    feedback,
    insightId,
    carriedBy,
  } = item;
  const where = [product && labels.value('product', product), location && labels.value('location', location)]
    .filter(Boolean)
    .join(', ');
  const what = topic ?? t('emerging.all');
  /** By what a part is narrower than the whole */
  const nameOf = (part: Kind): string =>
    part.topic !== topic
      ? (part.topic ?? '')
      : part.location !== location
        ? labels.value('location', part.location ?? '')
        : labels.value('product', part.product ?? '');
  const ratioText = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  return (
    <li className="row">
      <Group justify="space-between" align="start" gap="xs">
        <div>
          <Group gap={6}>
            <Text fw={600} size="sm">
              {what}
            </Text>
            {where && (
              <Text size="sm" c="dimmed">
                {where}
              </Text>
            )}
            {team && <Badge variant="light">{labels.value('team', team)}</Badge>}
            <Badge color={state === 'open' ? 'orange' : 'gray'} variant="light">
              {t(`emerging.state.${state}`)}
            </Badge>
          </Group>
          <Text size="sm" className="numbers">
            {t('emerging.rate', {
              ...{ observed: formatNumber(observed, locale), ratio: ratioText.format(ratio) },
              expected: new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }).format(expected),
            })}
            {interval && ` (${interval.map((end) => (end === null ? '?' : ratioText.format(end))).join('–')} ×)`}
            {q != null && ` · q ${formatP(q, locale)}`}
          </Text>
          {carriedBy.length > 0 && (
            <Text size="sm" className="numbers">
              {t('emerging.carried')}{' '}
              {carriedBy
                .map((part) =>
                  t('emerging.part', {
                    ...{ name: nameOf(part), observed: formatNumber(part.observed, locale) },
                    expected: ratioText.format(part.expected),
                  }),
                )
                .join(' · ')}
            </Text>
          )}
          <Text size="xs" c="dimmed">
            {t('emerging.since', {
              since: formatPeriod(since, 'day', locale),
              last: formatPeriod(lastDay, 'day', locale),
            })}
          </Text>
        </div>
        <Group gap="xs" className="no-print" wrap="nowrap">
          <Button size="compact-sm" variant="default" onClick={() => setOpened(!opened)} aria-expanded={opened}>
            {t('emerging.feedback', { count: formatNumber(feedback.length, locale) })}
          </Button>
          {insightId ? (
            <PageLink href={`/insights/${insightId}`}>{t('emerging.insight')}</PageLink>
          ) : (
            <PageLink
              href={`/insights?${new URLSearchParams({
                ...{ new: '1', ...(topic && { topic }), ...(location && { location }), ...(product && { product }) },
                ...{ title: [what, where].filter(Boolean).join(', ') },
                loopIds: feedback.flatMap(({ loopId }) => loopId ?? []).join(','),
                feedbackIds: feedback.map(({ feedbackId }) => feedbackId).join(','),
              }).toString()}`}
            >
              {t('emerging.raise')}
            </PageLink>
          )}
        </Group>
      </Group>
      <Collapse expanded={opened}>
        {state === 'open' && <Dismiss emergingId={item.emergingId} />}
        <ul className="plain-list">
          {feedback.map((one) => (
            <FeedbackItem key={one.feedbackId} item={one} />
          ))}
        </ul>
      </Collapse>
    </li>
  );
}
