import { Badge, Card, Group, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api } from '../api/client.js';
import { PageLink } from '../navigation/page-link.js';
import { Busy } from '../shell/busy.js';
import { ProblemAlert } from '../shell/failure.js';
import { useText } from '../i18n/text.js';
import { formatNumber } from '../i18n/format.js';
import { formatDue } from './improvements.js';
import { EffectView } from './effect-view.js';
import { skippedOf, type Improvement, type Told } from './improvements.js';

/** Improvements with what they have moved. */
export function ImprovementList({ query = '' }: { readonly query?: string }) {
  const { t, locale } = useText();
  const { data, error, isPending } = useQuery({
    queryKey: ['improvements', query],
    queryFn: ({ signal }) =>
      api.get<{ items: readonly Improvement[] }>('insights', `/v1/improvements${query && `?${query}`}`, { signal }),
  });
  if (isPending) return <Busy />;
  if (error) return <ProblemAlert error={error} />;
  if (data.items.length === 0) {
    return (
      <Card withBorder>
        <Text c="dimmed" size="sm" ta="center" py="lg">
          {t('improvements.none')}
        </Text>
      </Card>
    );
  }
  return (
    <Stack gap="sm">
      {data.items.map((improvement) => (
        <Card key={improvement.improvementId} withBorder padding="md" component="article">
          <Group justify="space-between" wrap="nowrap" align="start">
            <div className="grow">
              <PageLink href={`/improvements/${improvement.improvementId}`} strong>
                {improvement.title}
              </PageLink>
              <Text size="xs" c="dimmed">
                {[
                  improvement.owner,
                  improvement.due && t('improvement.dueOn', { day: formatDue(improvement.due, locale) }),
                  improvement.loops !== undefined &&
                    t('improvement.loops', {
                      count: improvement.loops,
                      shown: formatNumber(improvement.loops, locale),
                    }),
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </Text>
            </div>
            <ImprovementState state={improvement.state} />
          </Group>
          <EffectView metric={improvement.metric} effect={improvement.effect} />
          {improvement.told && <ToldView told={improvement.told} />}
        </Card>
      ))}
    </Stack>
  );
}

export function ImprovementState({ state }: { readonly state: string }) {
  const { t, has } = useText();
  return (
    <Badge
      variant="light"
      color={state === 'done' ? 'teal' : state === 'dropped' ? 'gray' : 'blue'}
      className="no-shrink"
    >
      {has(`improvementState.${state}`) ? t(`improvementState.${state}`) : state}
    </Badge>
  );
}

/** How many customers were to be told, and what came of it. */
export function ToldView({ told }: { readonly told: Told }) {
  const { t, has, locale } = useText();
  const { total, reasons } = skippedOf(told);
  const count = (number: number) => formatNumber(number, locale);
  return (
    <Text size="sm" className="numbers">
      {t('improvement.told', {
        ...{ wanted: count(told.wanted), sent: count(told.sent), pending: count(told.pending), skipped: count(total) },
      })}
      {reasons.length > 0 &&
        ` (${reasons.map(([reason, n]) => `${has(`told.${reason}`) ? t(`told.${reason}`) : reason}: ${count(n)}`).join(', ')})`}
    </Text>
  );
}
