import { Card, Skeleton, Stack, Text, Tooltip, UnstyledButton } from '@mantine/core';
import { problemText } from '../api/field-errors.js';
import { pointOf } from '../charts/chart-data.js';
import { useText } from '../i18n/text.js';
import { useDrill } from './drill.js';
import { formatNumber } from '../i18n/format.js';
import { formatDays, formatInterval, formatValue } from './format.js';
import { useLabels } from './labels.js';
import { type MetricRow } from './metrics.js';
import { useMetric } from './use-metric.js';
import { periodBefore, type Asked } from './view-state.js';

interface Props {
  readonly metric: string;
  readonly asked: Asked | undefined;
  /** What it is called here, where it is not the metric's own name */
  readonly title?: string;
  /** It is counted as it stands now: there is no period before */
  readonly now?: boolean;
}

/** One number of the period with interval and n, and what it was in the period before. Several questions are several numbers. */
export function Tile({ metric, asked, title, now = false }: Props) {
  const { t, has, locale } = useText();
  const labels = useLabels();
  const drill = useDrill();
  const { data, isPending, error } = useMetric(metric, asked);
  const before = asked && !now ? periodBefore(asked.period) : undefined;
  const earlier = useMetric(metric, asked && before && { ...asked, period: before });
  const name = title ?? (has(`metricName.${metric}`) ? t(`metricName.${metric}`) : (data?.title ?? metric));
  const rows = data?.rows.filter(({ n, value }) => n > 0 || value !== null) ?? [];
  const same = (row: MetricRow) =>
    earlier.data?.rows.find((other) => JSON.stringify(other.values) === JSON.stringify(row.values));
  return (
    <Card withBorder padding="sm" className="tile">
      <Tooltip
        label={data?.definition}
        disabled={!data}
        multiline
        w={300}
        events={{ hover: true, focus: true, touch: true }}
      >
        <Text size="sm" c="dimmed" fw={500} tabIndex={0} className="tile-title">
          {name}
        </Text>
      </Tooltip>
      {isPending && <Skeleton height={48} mt={6} />}
      {error && (
        <Text size="sm" className="wrong">
          {problemText(error)}
        </Text>
      )}
      {data && rows.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('tile.none')}
        </Text>
      )}
      <Stack gap={6}>
        {rows.slice(0, 3).map((row) => {
          const { value, interval, n } = pointOf(row);
          const last = same(row);
          const high = row.quantiles?.find(({ q }) => q === 0.9);
          const said = row.hidden
            ? t('metric.hidden')
            : value === null && n > 0 && data!.unit === 'milliseconds'
              ? t('metric.unreached')
              : formatValue(data!.unit, value, locale);
          const second =
            high?.value == null ? undefined : t('tile.p90', { value: formatValue(data!.unit, high.value, locale) });
          const which = Object.keys(row.values).length > 0 ? labels.values(row.values) : undefined;
          const was = last && pointOf(last);
          return (
            <div key={JSON.stringify(row.values)} className="tile-row">
              {which && (
                <Text size="xs" c="dimmed" lineClamp={1} title={which}>
                  {which}
                </Text>
              )}
              <UnstyledButton
                className={`tile-number numbers${value === null ? ' tile-words' : ''}`}
                onClick={() => asked && drill({ metric, title: name, unit: data!.unit, asked, row })}
                aria-label={t('metric.open', { what: [name, which, said, second].filter(Boolean).join(' ') })}
              >
                {said} {second && <span className="tile-second">{second}</span>}
              </UnstyledButton>
              <Text size="xs" c="dimmed" className="numbers">
                {[
                  interval && data!.unit !== 'count' && formatInterval(data!.unit, interval, locale),
                  data!.unit !== 'count' && t('metric.n', { n: formatNumber(n, locale) }),
                  row.small && n > 0 && data!.unit !== 'count' && t('metric.small'),
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </Text>
              {was && before && was.value !== null && (
                <Text size="xs" c="dimmed" className="numbers" title={formatDays(before.from, before.to, locale)}>
                  {t('tile.before', {
                    value: formatValue(data!.unit, was.value, locale),
                    n: formatNumber(was.n, locale),
                  })}
                </Text>
              )}
            </div>
          );
        })}
        {rows.length > 3 && (
          <Text size="xs" c="dimmed">
            {t('chart.more', { count: rows.length - 3 })}
          </Text>
        )}
      </Stack>
    </Card>
  );
}
