import '../pages.css';
import { SimpleGrid, Stack, Table, Text, Title, Card, Badge } from '@mantine/core';
import { useQueries, useQuery } from '@tanstack/react-query';
import { useParams } from 'wouter';
import { api, type Service } from '../api/client.js';
import { hasRole, useSession } from '../api/session.js';
import { formatNumber } from '../i18n/format.js';
import { useText } from '../i18n/text.js';
import { formatDuration } from '../metrics/format.js';
import { TabLinks } from '../navigation/tab-links.js';
import { PageLink } from '../navigation/page-link.js';
import { Busy } from '../shell/busy.js';
import { ProblemAlert } from '../shell/failure.js';
import { DeadLetters } from './dead-letters.js';
import { lagOf, stuckOf, type Ledger, type Station } from './operations.js';
import { TraceView } from './trace-view.js';

const services = [
  'ingestion',
  'sentiment',
  'learning',
  'routing',
  'rehearsal',
  'loop',
  'insights',
] as const satisfies readonly Service[];
const lookAgainMs = 5_000;
const tabs = ['stages', 'dead-letters', 'trace'] as const;

/** Whether everything runs, what waits, what died, and where one feedback has been. */
export default function OperationsPage() {
  const { t } = useText();
  const session = useSession();
  const { tab: asked, id } = useParams<{ tab?: string; id?: string }>();
  const tab = tabs.find((name) => name === asked) ?? 'stages';
  return (
    <Stack gap="md" p="md">
      <Title order={1}>{t('operations.title')}</Title>
      <TabLinks
        label={t('operations.title')}
        items={tabs.map((name) => ({
          to: name === 'stages' ? '/operations' : `/operations/${name}`,
          label: t(`operations.tab.${name}`),
        }))}
      />
      {tab === 'stages' && (
        <>
          <LedgerView />
          <Stages />
        </>
      )}
      {tab === 'dead-letters' && <DeadLetters mayReplay={hasRole(session, ['admin'])} />}
      {tab === 'trace' && <TraceView feedbackId={id} />}
    </Stack>
  );
}

/** Each service as one of its replicas tells of itself. */
function Stages() {
  const { t, locale } = useText();
  const answers = useQueries({
    queries: services.map((service) => ({
      queryKey: ['station', service],
      queryFn: ({ signal }: { signal: AbortSignal }) => api.get<Station>(service, '/v1/station', { signal }),
      refetchInterval: lookAgainMs,
      retry: false,
    })),
  });
  return (
    <Card withBorder padding="md" component="section" aria-label={t('operations.stages')}>
      <Title order={2}>{t('operations.stages')}</Title>
      <Text size="sm" c="dimmed">
        {t('operations.stagesNote')}
      </Text>
      <Table.ScrollContainer minWidth={680}>
        <Table verticalSpacing="xs" className="numbers">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('operations.service')}</Table.Th>
              <Table.Th>{t('operations.readiness')}</Table.Th>
              <Table.Th ta="right">{t('operations.lag')}</Table.Th>
              <Table.Th ta="right">{t('operations.unsent')}</Table.Th>
              <Table.Th ta="right">{t('operations.handled')}</Table.Th>
              <Table.Th ta="right">{t('operations.died')}</Table.Th>
              <Table.Th>{t('operations.stuck')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {services.map((service, index) => {
              const { data, error, isPending } = answers[index]!;
              const lag = data && lagOf(data);
              return (
                <Table.Tr key={service}>
                  <Table.Th scope="row" fw={500}>
                    {service}
                  </Table.Th>
                  <Table.Td>
                    {isPending && <Busy size="xs" />}
                    {error && (
                      <Badge color="red" variant="light">
                        {t('operations.away')}
                      </Badge>
                    )}
                    {data && !error && (
                      <Badge color={data.ready ? 'teal' : 'red'} variant="light">
                        {t(data.ready ? 'operations.ready' : 'operations.unready')}
                      </Badge>
                    )}
                  </Table.Td>
                  <Table.Td ta="right">{lag == null ? '–' : formatNumber(lag, locale)}</Table.Td>
                  <Table.Td ta="right">{data?.outbox ? formatNumber(data.outbox.unsent, locale) : '–'}</Table.Td>
                  <Table.Td ta="right">{data ? formatNumber(data.events['ok'] ?? 0, locale) : '–'}</Table.Td>
                  <Table.Td ta="right">{data ? formatNumber(data.events['dead-letter'] ?? 0, locale) : '–'}</Table.Td>
                  <Table.Td>
                    {error && <Text size="sm">{error.message}</Text>}
                    {data &&
                      Object.entries(data.reasons).map(([check, reason]) => (
                        <Text size="sm" key={check}>{`${check}: ${reason}`}</Text>
                      ))}
                    {data &&
                      stuckOf(data).map(({ topic, partition, state, waitsFor, attempts }) => (
                        <Text size="sm" key={`${topic}/${partition}`}>
                          {`${topic}/${partition} `}
                          <Badge color={state === 'waiting' ? 'yellow' : 'red'} variant="light" size="sm">
                            {t(`operations.state.${state}`)}
                          </Badge>
                          {` ${waitsFor ?? ''}`}
                          {attempts > 0 && ` · ${t('operations.tries', { count: attempts })}`}
                        </Text>
                      ))}
                  </Table.Td>
                </Table.Tr>
              );
            })}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Card>
  );
}

/** What became of all feedback, in numbers. */
function LedgerView() {
  const { t, has, locale } = useText();
  const { data, error } = useQuery({
    queryKey: ['ledger'],
    queryFn: ({ signal }) =>
      api.get<Ledger>('ingestion', '/v1/ledger', { signal, query: { missing: 'ids', limit: 20 } }),
    refetchInterval: lookAgainMs,
  });
  if (error) return <ProblemAlert error={error} />;
  if (!data) return <Busy />;
  const count = (value: number) => formatNumber(value, locale);
  const list = (title: string, keyOf: (name: string) => string, counts: Readonly<Record<string, number>>) => (
    <Card withBorder padding="md">
      <Title order={2}>{title}</Title>
      <dl className="facts numbers">
        {Object.entries(counts).map(([name, value]) => (
          <div key={name}>
            <dt>{has(keyOf(name)) ? t(keyOf(name)) : name}</dt>
            <dd>{count(value)}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
  const { missing, missingIds = [], deadLetters, unsettled } = data;
  const seconds = (value: number | null) => (value === null ? '–' : formatDuration(value * 1000, locale));
  return (
    <Stack gap="md">
      <SimpleGrid cols={{ base: 2, sm: 4 }} spacing="sm">
        {[
          [t('ledger.missing'), count(missing), missing > 0],
          [t('ledger.unsettled'), count(unsettled.total), false],
          [t('ledger.openLetters'), count(deadLetters.open), deadLetters.open > 0],
          [t('ledger.oldest'), seconds(unsettled.oldestSeconds), false],
        ].map(([name, value, alarming]) => (
          <Card withBorder padding="sm" key={String(name)}>
            <Text size="sm" c="dimmed">
              {name}
            </Text>
            <Text className={`tile-number numbers${alarming === true ? ' wrong' : ''}`}>{value}</Text>
          </Card>
        ))}
      </SimpleGrid>
      {missingIds.length > 0 && (
        <Card withBorder padding="md">
          <Title order={2}>{t('ledger.missing')}</Title>
          <ul>
            {missingIds.map((feedbackId) => (
              <li key={feedbackId}>
                <PageLink href={`/operations/trace/${feedbackId}`}>{feedbackId}</PageLink>
              </li>
            ))}
          </ul>
        </Card>
      )}
      <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="md">
        {list(t('ledger.results'), (name) => `ledgerResult.${name}`, data.results)}
        {list(t('ledger.outcomes'), (name) => `ledgerOutcome.${name}`, data.outcomes)}
        {list(t('ledger.ages'), (name) => `ledgerAge.${name}`, unsettled.byAge)}
      </SimpleGrid>
    </Stack>
  );
}
