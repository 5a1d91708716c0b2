import '../pages.css';
import { Button, Card, Group, NativeSelect, Stack, Text, Title } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { api } from '../api/client.js';
import { PageLink } from '../navigation/page-link.js';
import { Busy } from '../shell/busy.js';
import { ProblemAlert } from '../shell/failure.js';
import { useText } from '../i18n/text.js';
import { formatInstant } from '../i18n/format.js';
import { useTeams } from '../api/teams.js';
import { useLabels } from '../metrics/labels.js';
import { useParams } from 'wouter';
import { useSearch } from '../navigation/search.js';
import { aboutOf, insightStates, type Insight } from './insights.js';
import { InsightDetail } from './insight-detail.js';
import { InsightState } from './insight-state.js';
import { RaiseInsight } from './raise-insight.js';

interface Page {
  readonly items: readonly Insight[];
  readonly cursor?: string;
}

/** What agents and the system have noticed, and what became of it. */
export default function InsightsPage() {
  const { t } = useText();
  const { insightId } = useParams<{ insightId?: string }>();
  return (
    <Stack gap="md" p="md">
      <Title order={1}>{t('insights.title')}</Title>
      {insightId === undefined ? <InsightList /> : <InsightDetail insightId={insightId} />}
    </Stack>
  );
}

function InsightList() {
  const { t, locale } = useText();
  const labels = useLabels();
  const teams = useTeams();
  const [search, setSearch] = useSearch();
  const set = (name: string, value: string) => {
    const next = new URLSearchParams(search);
    if (value === '') next.delete(name);
    else next.set(name, value);
    setSearch(next);
  };
  const query = new URLSearchParams();
  for (const name of ['state', 'team', 'raisedBy']) {
    const value = search.get(name);
    if (value) query.set(name, value);
  }
  const found = useInfiniteQuery({
    queryKey: ['insights', query.toString()],
    queryFn: ({ pageParam, signal }) => {
      const asked = new URLSearchParams([...query, ...(pageParam ? [['cursor', pageParam]] : [])]);
      return api.get<Page>('insights', `/v1/insights?${asked.toString()}`, { signal });
    },
    initialPageParam: '',
    getNextPageParam: ({ cursor }) => cursor,
  });
  const items = found.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <Group gap="xs" align="end">
        <NativeSelect
          label={t('insights.state')}
          value={search.get('state') ?? ''}
          onChange={({ currentTarget }) => set('state', currentTarget.value)}
          data={[
            { value: '', label: t('word.all') },
            ...insightStates.map((value) => ({ value, label: t(`insightState.${value}`) })),
          ]}
        />
        <NativeSelect
          label={labels.dimension('team')}
          value={search.get('team') ?? ''}
          onChange={({ currentTarget }) => set('team', currentTarget.value)}
          data={[
            { value: '', label: t('word.all') },
            ...teams.map(({ name, displayName }) => ({ value: name, label: displayName })),
          ]}
        />
        <NativeSelect
          label={t('insights.raisedBy')}
          value={search.get('raisedBy') ?? ''}
          onChange={({ currentTarget }) => set('raisedBy', currentTarget.value)}
          data={[
            { value: '', label: t('word.all') },
            { value: 'me', label: t('insights.byMe') },
          ]}
        />
        <Button onClick={() => set('new', '1')}>{t('insights.raise')}</Button>
        <PageLink href="/ownership">{t('ownership.title')}</PageLink>
      </Group>
      {search.get('new') === '1' && <RaiseInsight onClose={() => set('new', '')} />}
      {found.error && <ProblemAlert error={found.error} />}
      {found.isLoading && <Busy />}
      {found.isSuccess && items.length === 0 && (
        <Card withBorder>
          <Text c="dimmed" size="sm" ta="center" py="lg">
            {t('insights.none')}
          </Text>
        </Card>
      )}
      {items.length > 0 && (
        <Card withBorder padding={0}>
          <ul className="plain-list rows">
            {items.map((insight) => (
              <li key={insight.insightId} className="row padded">
                <Group justify="space-between" wrap="nowrap" align="start">
                  <div className="grow">
                    <PageLink href={`/insights/${insight.insightId}`} strong>
                      {insight.title}
                    </PageLink>
                    <Text size="sm" lineClamp={2} title={insight.claim}>
                      {insight.claim}
                    </Text>
                    <Text size="xs" c="dimmed">
                      {[
                        formatInstant(new Date(insight.raisedAt), locale),
                        insight.raisedBy.kind === 'system' ? t('insights.bySystem') : insight.raisedBy.id,
                        ...aboutOf(insight).map(([of, value]) => labels.value(of, value)),
                        insight.team && labels.value('team', insight.team),
                      ]
                        .filter(Boolean)
                        .join(' · ')}
                    </Text>
                  </div>
                  <InsightState state={insight.state} />
                </Group>
              </li>
            ))}
          </ul>
        </Card>
      )}
      {found.hasNextPage && (
        <Button variant="default" loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          {t('word.more')}
        </Button>
      )}
    </>
  );
}
