import '../pages.css';
import { Badge, Card, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useParams } from 'wouter';
import { api } from '../api/client.js';
import { PageLink } from '../navigation/page-link.js';
import { Busy } from '../shell/busy.js';
import { ProblemAlert } from '../shell/failure.js';
import { useText } from '../i18n/text.js';
import { formatNumber, formatInstant } from '../i18n/format.js';
import { formatValue } from '../metrics/format.js';
import { useLabels } from '../metrics/labels.js';
import { byDay, type Customer, type Moment } from './customer.js';

/** All that one customer has said, and all that was done about it, in one line of time. */
export default function CustomerPage() {
  const { t, has, locale } = useText();
  const { customerKey } = useParams<{ customerKey: string }>();
  const found = useQuery({
    queryKey: ['customer', customerKey],
    queryFn: ({ signal }) =>
      api.get<Customer>('insights', `/v1/customers/${encodeURIComponent(customerKey)}`, { signal }),
  });
  if (found.isPending) return <Busy />;
  if (found.error) return <ProblemAlert error={found.error} />;
  const { timeline, segments, scores, value, churnRisk } = found.data;
  return (
    <Stack gap="md" p="md">
      <div>
        <Text size="sm" c="dimmed">
          {t('customerPage.title')}
        </Text>
        <Title order={1} className="wrap">
          {found.data.customerKey}
        </Title>
        <Group gap={6} mt={4}>
          {segments.map((segment) => (
            <Badge key={segment} variant="light" color="gray">
              {segment}
            </Badge>
          ))}
        </Group>
      </div>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
        <Card withBorder padding="md">
          <Title order={2} size="h3">
            {t('customerPage.scores')}
          </Title>
          <ScoreList scores={scores} />
        </Card>
        <Card withBorder padding="md">
          <Title order={2} size="h3">
            {t('customerPage.value')}
          </Title>
          {value ? (
            <dl className="facts">
              <div>
                <dt>{t('customerPage.orders')}</dt>
                <dd>{formatNumber(value.orders, locale)}</dd>
              </div>
              <div>
                <dt>{t('customerPage.total')}</dt>
                <dd>
                  {value.currency
                    ? new Intl.NumberFormat(locale, { style: 'currency', currency: value.currency }).format(value.total)
                    : formatValue('score', value.total, locale)}
                </dd>
              </div>
              {value.repeatRate != null && (
                <div>
                  <dt>{t('customerPage.repeat')}</dt>
                  <dd>{formatValue('share', value.repeatRate, locale)}</dd>
                </div>
              )}
            </dl>
          ) : (
            <Text size="sm" c="dimmed">
              {t('customerPage.noValue')}
            </Text>
          )}
        </Card>
        <Card withBorder padding="md">
          <Title order={2} size="h3">
            {t('customerPage.churn')}
          </Title>
          {churnRisk.value === null ? (
            <Text size="sm" c="dimmed">
              {churnRisk.note ?? t('customerPage.noModel')}
            </Text>
          ) : (
            <>
              <Text className="tile-number numbers">{formatValue('share', churnRisk.value, locale)}</Text>
              <Text size="xs" c="dimmed">
                {churnRisk.model}
              </Text>
            </>
          )}
          <ul>
            {churnRisk.reasons.map((reason) => (
              <li key={reason}>
                <Text size="sm">{has(`churnReason.${reason}`) ? t(`churnReason.${reason}`) : reason}</Text>
              </li>
            ))}
          </ul>
        </Card>
      </SimpleGrid>
      <Card withBorder padding="md">
        <Title order={2} size="h3">
          {t('customerPage.timeline')}
        </Title>
        {timeline.length === 0 && (
          <Text size="sm" c="dimmed">
            {t('customerPage.nothing')}
          </Text>
        )}
        {byDay(timeline).map(([day, moments]) => (
          <section key={day} className="timeline-day">
            <Title order={3} size="h6">
              {new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeZone: 'UTC' }).format(new Date(day))}
            </Title>
            <ol className="plain-list timeline">
              {moments.map((moment, index) => (
                <TimelineItem key={index} moment={moment} />
              ))}
            </ol>
          </section>
        ))}
      </Card>
    </Stack>
  );
}

function ScoreList({ scores }: { readonly scores: Customer['scores'] }) {
  const { t, locale } = useText();
  const known = Object.entries(scores);
  if (known.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {t('customerPage.noScores')}
      </Text>
    );
  }
  return (
    <dl className="facts">
      {known.map(([name, score]) => (
        <div key={name}>
          <dt>{t(`metricName.${name}`)}</dt>
          <dd className="numbers">
            {t('customerPage.score', {
              ...{ value: formatNumber(score.value, locale, 1), scale: formatNumber(score.scale, locale) },
              ...{ at: formatInstant(new Date(score.at), locale), n: formatNumber(score.n, locale) },
            })}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function TimelineItem({ moment }: { readonly moment: Moment }) {
  const { t, has, locale } = useText();
  const labels = useLabels();
  const { at, kind, channel, touchpoint, change, excerpt, sentiment, rating, survey, loopId, feedbackId } = moment;
  const name = (group: string, value: string) => (has(`${group}.${value}`) ? t(`${group}.${value}`) : value);
  return (
    <li className="timeline-item">
      <Group gap={6}>
        <Text size="sm" fw={600}>
          {name('customer.kind', kind)}
          {change && `: ${name('history.change', change)}`}
        </Text>
        <Text size="xs" c="dimmed">
          {formatInstant(new Date(at), locale)}
        </Text>
        {channel && (
          <Badge variant="light" color="gray">
            {labels.value('channel', channel)}
          </Badge>
        )}
        {touchpoint && (
          <Text size="xs" c="dimmed">
            {touchpoint}
          </Text>
        )}
        {sentiment && (
          <Badge variant="light" color={sentiment === 'negative' ? 'red' : 'gray'}>
            {labels.value('sentiment', sentiment)}
          </Badge>
        )}
        {rating && <Badge variant="outline" color="gray">{`${rating.value} / ${rating.scale}`}</Badge>}
        {survey && <Badge variant="outline" color="gray">{`${survey.metric.toUpperCase()} ${survey.score}`}</Badge>}
      </Group>
      {excerpt && (
        <Text size="sm" lineClamp={4} title={excerpt}>
          {excerpt}
        </Text>
      )}
      <Group gap="sm">
        {loopId && <PageLink href={`/inbox/${loopId}`}>{t('feedback.loop')}</PageLink>}
        {feedbackId && kind === 'feedback' && <PageLink href={`/tags/${feedbackId}`}>{t('feedback.tags')}</PageLink>}
      </Group>
    </li>
  );
}
