import { Alert, NativeSelect, Stack, Table, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { api } from '../api/client.js';
import { ChartFrame } from '../charts/chart-frame.js';
import { ListChart } from '../charts/list-chart.js';
import { useText } from '../i18n/text.js';
import { useDrill } from '../metrics/drill.js';
import { formatNumber } from '../i18n/format.js';
import { formatInterval, formatValue } from '../metrics/format.js';
import { useLabels } from '../metrics/labels.js';
import { type Unit } from '../metrics/metrics.js';
import { queryOf, without } from '../metrics/view-state.js';
import { useSearch } from '../navigation/search.js';
import { driverPoint, formatP, orderedDrivers, type Drivers } from './drivers.js';
import { type View } from './view.js';

const outcomes = ['nps', 'csat', 'rating'] as const;
const unitOf: Readonly<Record<(typeof outcomes)[number], Unit>> = { nps: 'points', csat: 'points', rating: 'stars' };

/** Which topics move a score, and how surely. */
export function DriversView({ view: { base } }: { readonly view: View }) {
  const { t, locale } = useText();
  const labels = useLabels();
  const drill = useDrill();
  const [search, setSearch] = useSearch();
  const outcome = outcomes.find((name) => name === search.get('outcome')) ?? 'rating';
  const query = base && `outcome=${outcome}&${queryOf(without(base, 'topic')).toString()}`;
  const { data, isPending, error } = useQuery({
    queryKey: ['drivers', query],
    queryFn: ({ signal }) => api.get<Drivers>('insights', `/v1/drivers?${query ?? ''}`, { signal }),
    enabled: query !== undefined,
  });
  const unit = unitOf[outcome];
  const drivers = data ? orderedDrivers(data) : [];
  const sure = drivers.filter(({ significant }) => significant);
  const title = t(outcome === 'csat' ? 'drivers.titlePoints' : 'drivers.title', {
    outcome: t(`metricName.${outcome}`),
  });
  const open = (topic: string) => {
    const driver = drivers.find((one) => one.topic === topic);
    if (driver && base) {
      drill({
        metric: outcome,
        title: `${topic}, ${t('drivers.effect')}`,
        unit,
        asked: { ...base, filters: { ...base.filters, topic: [topic] } },
        row: { ...driverPoint(driver, outcome).row, values: {} },
      });
    }
  };
  return (
    <Stack gap="md">
      <NativeSelect
        className="no-print"
        w={220}
        label={t('drivers.outcome')}
        value={outcome}
        onChange={({ currentTarget }) => {
          const next = new URLSearchParams(search);
          next.set('outcome', currentTarget.value);
          setSearch(next);
        }}
        data={outcomes.map((value) => ({ value, label: t(`metricName.${value}`) }))}
      />
      <ChartFrame
        title={title}
        definition={t('drivers.definition')}
        pending={isPending}
        error={error}
        empty={data && drivers.length === 0 ? (data.note ?? t('drivers.none')) : undefined}
        summary={
          data &&
          t(data.share < 1 ? 'drivers.ofShare' : 'drivers.summary', {
            ...{
              n: formatNumber(data.n, locale),
              sure: formatNumber(sure.length, locale),
              topics: formatNumber(drivers.length, locale),
              share: new Intl.NumberFormat(locale, { style: 'percent', maximumSignificantDigits: 2 }).format(
                data.share,
              ),
            },
            controlled: data.controlledFor.map((name) => labels.dimension(name)).join(', ') || t('drivers.nothing'),
          })
        }
        chart={(canvas) => (
          <ListChart
            canvas={canvas}
            items={drivers.map((driver) => ({
              key: driver.topic,
              label: driver.topic,
              point: driverPoint(driver, outcome),
              emphasis: driver.significant,
            }))}
            unit={unit}
            reference={0}
            zero
            hiddenText={t('metric.hidden')}
            onOpen={(_row, item) => open(item.key)}
          />
        )}
        table={
          <Table.ScrollContainer minWidth={520}>
            <Table striped className="numbers">
              <Table.Caption>{title}</Table.Caption>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t('dimension.topic')}</Table.Th>
                  <Table.Th ta="right">{t('drivers.effect')}</Table.Th>
                  <Table.Th ta="right">{t('metric.interval')}</Table.Th>
                  <Table.Th ta="right">p</Table.Th>
                  <Table.Th ta="right">q</Table.Th>
                  <Table.Th ta="right">n</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {drivers.map((driver) => {
                  const { topic, p, q, n, significant } = driver;
                  const { value, interval } = driverPoint(driver, outcome);
                  return (
                    <Table.Tr key={topic}>
                      <Table.Td>
                        {topic}
                        {significant && ` (${t('drivers.sure')})`}
                      </Table.Td>
                      <Table.Td ta="right">{formatValue(unit, value, locale)}</Table.Td>
                      <Table.Td ta="right">{formatInterval(unit, interval, locale)}</Table.Td>
                      <Table.Td ta="right">{formatP(p, locale)}</Table.Td>
                      <Table.Td ta="right">{formatP(q, locale)}</Table.Td>
                      <Table.Td ta="right">{formatNumber(n, locale)}</Table.Td>
                    </Table.Tr>
                  );
                })}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        }
      >
        <Text size="xs" c="dimmed">
          {t('drivers.key')}
        </Text>
        {data?.note && <Alert color="gray">{data.note}</Alert>}
      </ChartFrame>
    </Stack>
  );
}
