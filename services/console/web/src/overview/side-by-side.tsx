import { Card, ScrollArea, Table, Text, Title, UnstyledButton } from '@mantine/core';
import { useQueries } from '@tanstack/react-query';
import { useId } from 'react';
import { api } from '../api/client.js';
import { ProblemAlert } from '../shell/failure.js';
import { pointOf } from '../charts/chart-data.js';
import { useText } from '../i18n/text.js';
import { useDrill } from '../metrics/drill.js';
import { formatNumber } from '../i18n/format.js';
import { formatInterval, formatValue } from '../metrics/format.js';
import { useLabels } from '../metrics/labels.js';
import { type MetricAnswer, type MetricRow } from '../metrics/metrics.js';
import { queryOf, type Asked } from '../metrics/view-state.js';
import { cellsOf, linesOf } from './lines.js';

interface Props {
  readonly title: string;
  readonly note?: string;
  readonly by: string;
  readonly metrics: readonly string[];
  readonly asked: Asked | undefined;
  /** The order of the lines, where the dimension has one */
  readonly order?: readonly string[];
}

/** Several metrics beside each other for each value of a dimension, so that what differs is seen. */
export function SideBySide({ title, note, by, metrics, asked: base, order }: Props) {
  const { t, locale } = useText();
  const labels = useLabels();
  const drill = useDrill();
  const heading = useId();
  const asked = base && { ...base, by: [by] };
  const query = asked && queryOf(asked).toString();
  const answers = useQueries({
    queries: metrics.map((metric) => ({
      queryKey: ['metric', metric, query],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        api.get<MetricAnswer>('insights', `/v1/metrics/${metric}?${query ?? ''}`, { signal }),
      enabled: query !== undefined,
    })),
  });
  const lines = linesOf(
    answers.map(({ data }) => data),
    by,
    order,
  );
  const failed = answers.find(({ error }) => error)?.error;
  const open = (answer: MetricAnswer, row: MetricRow) =>
    asked && drill({ metric: answer.metric, title: t(`metricName.${answer.metric}`), unit: answer.unit, asked, row });
  return (
    <Card withBorder padding="md" component="section" aria-labelledby={heading}>
      <Title order={2} size="h3" id={heading}>
        {title}
      </Title>
      {note && (
        <Text size="sm" c="dimmed">
          {note}
        </Text>
      )}
      {failed && <ProblemAlert error={failed} />}
      <ScrollArea type="auto" tabIndex={0} aria-labelledby={heading}>
        <Table className="numbers" verticalSpacing="xs" miw={160 + metrics.length * 130}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{labels.dimension(by)}</Table.Th>
              {metrics.map((metric) => (
                <Table.Th key={metric} scope="col" ta="right">
                  {t(`metricName.${metric}`)}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {lines.map((line) => (
              <Table.Tr key={line ?? ''}>
                <Table.Th scope="row" fw={500}>
                  {labels.value(by, line)}
                </Table.Th>
                {answers.map(({ data }, index) => (
                  <Table.Td key={metrics[index]} ta="right" className="side-cell">
                    {data &&
                      cellsOf(data, by, line).map((row) => {
                        const { value, interval, n } = pointOf(row);
                        const said = row.hidden ? t('metric.hidden') : formatValue(data.unit, value, locale);
                        return (
                          <div key={JSON.stringify(row.values)}>
                            <UnstyledButton
                              className="number-link"
                              onClick={() => open(data, row)}
                              aria-label={t('metric.open', {
                                what: `${labels.value(by, line)}, ${t(`metricName.${data.metric}`)}: ${said}`,
                              })}
                            >
                              {said}
                            </UnstyledButton>
                            {data.unit !== 'count' && (
                              <Text size="xs" c="dimmed" title={labels.values(row.values)}>
                                {interval && (
                                  <span className="line">{formatInterval(data.unit, interval, locale)}</span>
                                )}
                                <span className="line">
                                  {[t('metric.n', { n: formatNumber(n, locale) }), row.small && t('metric.small')]
                                    .filter(Boolean)
                                    .join(' · ')}
                                </span>
                              </Text>
                            )}
                          </div>
                        );
                      })}
                    {data && cellsOf(data, by, line).length === 0 && '–'}
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </ScrollArea>
      {lines.length === 0 && answers.every(({ isPending }) => !isPending) && (
        <Text c="dimmed" size="sm" py="md" ta="center">
          {t('chart.empty')}
        </Text>
      )}
    </Card>
  );
}
