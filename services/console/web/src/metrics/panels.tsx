import { Group, Text } from '@mantine/core';
import { useText } from '../i18n/text.js';
import { ChartFrame } from '../charts/chart-frame.js';
import {
  cohortLineOf,
  completed,
  extremesOf,
  heatMapOf,
  listOf,
  seriesOf,
  type Order,
  type Point,
  type Series,
} from '../charts/chart-data.js';
import { HeatChart } from '../charts/heat-chart.js';
import { ListChart } from '../charts/list-chart.js';
import { PointTable } from '../charts/point-table.js';
import { TimeChart } from '../charts/time-chart.js';
import { SeriesKey } from '../charts/series-key.js';
import { useDrill } from './drill.js';
import { formatPeriod, formatValue } from './format.js';
import { useLabels } from './labels.js';
import { type MetricAnswer, type MetricRow, type Unit } from './metrics.js';
import { csvAddress, useMetric } from './use-metric.js';
import { periodsIn, type Asked } from './view-state.js';

interface Common {
  readonly metric: string;
  /** Undefined while it is not known what to ask */
  readonly asked: Asked | undefined;
  readonly title?: string;
}

/** Opens what is behind a row of an answer. */
function useOpen(answer: MetricAnswer | undefined, asked: Asked | undefined): (row: MetricRow) => void {
  const drill = useDrill();
  return (row) => {
    if (answer && asked) drill({ metric: answer.metric, title: answer.title, unit: answer.unit, asked, row });
  };
}

const useTitle = (metric: string, title: string | undefined, answer: MetricAnswer | undefined): string => {
  const { t, has } = useText();
  return title ?? (has(`metricName.${metric}`) ? t(`metricName.${metric}`) : (answer?.title ?? metric));
};

/** A line in words. */
function useLineSummary(): (
  series: Series | undefined,
  unit: Unit,
  grain: string,
  label: string,
) => string | undefined {
  const { t, locale } = useText();
  return (series, unit, grain, label) => {
    const extremes = series && extremesOf(series.points);
    if (!extremes) return undefined;
    const said = ({ value, period }: { value: number | null; period: string }) =>
      `${formatValue(unit, value, locale)} (${formatPeriod(period, grain, locale)})`;
    const { first, last, least, greatest } = extremes;
    return t('chart.line', {
      ...{ label, first: said(first), last: said(last), least: said(least), greatest: said(greatest) },
    });
  };
}

/** A metric over time, a line for each value of what it is split by. */
export function TimePanel({ metric, asked, title }: Common) {
  const { t, locale } = useText();
  const labels = useLabels();
  const { data, isPending, error } = useMetric(metric, asked);
  const name = useTitle(metric, title, data);
  const open = useOpen(data, asked);
  const summarise = useLineSummary();
  const found = data ? seriesOf(data) : { series: [], more: 0 };
  const { more } = found;
  const series =
    data && asked && data.grain !== 'total'
      ? completed(found.series, periodsIn(asked.period, data.grain), data.unit === 'count')
      : found.series;
  const label = ({ values }: Series) => labels.values(values);
  const grain = data?.grain ?? 'day';
  return (
    <ChartFrame
      title={name}
      definition={data?.definition}
      csv={asked && csvAddress(metric, asked)}
      pending={isPending}
      error={error}
      empty={series.length === 0 ? t('chart.empty') : undefined}
      summary={data && summarise(series[0], data.unit, grain, series[0] ? label(series[0]) : '')}
      chart={(canvas) => (
        <TimeChart canvas={canvas} series={series} unit={data!.unit} grain={grain} label={label} onOpen={open} />
      )}
      table={
        data && (
          <PointTable
            caption={name}
            unit={data.unit}
            heads={[t('metric.period'), t('metric.what')]}
            lines={series.flatMap((line) =>
              line.points
                .filter(({ n }) => n > 0 || data.unit === 'count')
                .map((point) => ({
                  key: line.key + point.period,
                  cells: [formatPeriod(point.period, grain, locale), label(line)],
                  point,
                })),
            )}
            onOpen={open}
          />
        )
      }
    >
      <SeriesKey labels={series.map(label)} more={more} />
    </ChartFrame>
  );
}

interface ListProps extends Common {
  readonly by: string;
  readonly order?: Order;
  readonly most?: number;
  /** What all of it comes to, to compare with */
  readonly whole?: boolean;
}

/** A metric's total for each value of a dimension. */
export function ListPanel({ metric, asked: base, title, by, order, most, whole = false }: ListProps) {
  const { t } = useText();
  const labels = useLabels();
  const asked = base && { ...base, by: [by] };
  const { data, isPending, error } = useMetric(metric, asked);
  const all = useMetric(metric, whole ? base : undefined);
  const name = useTitle(metric, title, data);
  const open = useOpen(data, asked);
  const summarise = useListSummary();
  const { points, more } = data
    ? listOf(data, { ...(order && { order }), ...(most && { most }) })
    : { points: [], more: 0 };
  const labelOf = ({ row }: Point) => labels.values({ [by]: row.values[by] ?? null, ...row.values });
  const reference = all.data?.rows.length === 1 ? all.data.rows[0]!.value : undefined;
  return (
    <ChartFrame
      title={name}
      definition={data?.definition}
      csv={asked && csvAddress(metric, asked)}
      pending={isPending}
      error={error}
      empty={points.length === 0 ? t('chart.empty') : undefined}
      summary={data && summarise(points, labelOf, data.unit)}
      chart={(canvas) => (
        <ListChart
          canvas={canvas}
          items={points.map((point) => ({ key: JSON.stringify(point.row.values), label: labelOf(point), point }))}
          unit={data!.unit}
          onOpen={open}
          hiddenText={t('metric.hidden')}
          {...(reference != null && { reference })}
        />
      )}
      table={
        data && (
          <PointTable
            caption={name}
            unit={data.unit}
            heads={[labels.dimension(by)]}
            lines={points.map((point) => ({ key: JSON.stringify(point.row.values), cells: [labelOf(point)], point }))}
            onOpen={open}
          />
        )
      }
    >
      {(more > 0 || reference != null) && (
        <Text size="xs" c="dimmed">
          {[more > 0 && t('chart.more', { count: more }), reference != null && t('chart.reference')]
            .filter(Boolean)
            .join(' · ')}
        </Text>
      )}
    </ChartFrame>
  );
}

/** A list in words. */
function useListSummary() {
  const { t, locale } = useText();
  return (points: readonly Point[], labelOf: (point: Point) => string, unit: Unit): string | undefined => {
    const told = points.filter(({ value }) => value !== null).toSorted((a, b) => b.value! - a.value!);
    const [greatest] = told;
    const least = told.at(-1);
    if (!greatest || !least || greatest === least) return undefined;
    const said = (point: Point) => `${labelOf(point)} ${formatValue(unit, point.value, locale)}`;
    return t('chart.list', { greatest: said(greatest), least: said(least) });
  };
}

interface HeatProps extends Common {
  readonly dimensions: readonly [string, string];
}

/** A metric for each pair of values of two dimensions. */
export function HeatPanel({ metric, asked: base, title, dimensions: [rows, columns] }: HeatProps) {
  const { t } = useText();
  const labels = useLabels();
  const asked = base && { ...base, by: [rows, columns] };
  const { data, isPending, error } = useMetric(metric, asked);
  const name = useTitle(metric, title, data);
  const open = useOpen(data, asked);
  const map = data && heatMapOf(data, [rows, columns]);
  const labelOf = (place: 'row' | 'column', value: string | null) =>
    labels.value(place === 'row' ? rows : columns, value);
  const more = (map?.moreRows ?? 0) + (map?.moreColumns ?? 0);
  return (
    <ChartFrame
      title={name}
      definition={data?.definition}
      csv={asked && csvAddress(metric, asked)}
      pending={isPending}
      error={error}
      empty={map?.rows.length === 0 ? t('chart.empty') : undefined}
      summary={t('chart.heat', { rows: labels.dimension(rows), columns: labels.dimension(columns) })}
      chart={(canvas) => <HeatChart canvas={canvas} map={map!} unit={data!.unit} labelOf={labelOf} onOpen={open} />}
      table={
        map && (
          <PointTable
            caption={name}
            unit={data!.unit}
            heads={[labels.dimension(rows), labels.dimension(columns)]}
            lines={map.rows.flatMap((row, r) =>
              map.columns.flatMap((column, c) => {
                const point = map.cells[r]![c];
                return point
                  ? [{ key: `${r}.${c}`, cells: [labelOf('row', row), labelOf('column', column)], point }]
                  : [];
              }),
            )}
            onOpen={open}
          />
        )
      }
    >
      {more > 0 && (
        <Text size="xs" c="dimmed">
          {t('chart.more', { count: more })}
        </Text>
      )}
    </ChartFrame>
  );
}

/** How many loops of each week were closed by now, and how many of them by the customer's own word. */
export function CohortPanel({ asked: base }: { readonly asked: Asked | undefined }) {
  const { t, locale } = useText();
  const asked = base && { ...base, by: ['cohort'] };
  const closed = useMetric('closure-rate', asked);
  const verified = useMetric('verified-closure-rate', asked);
  const drill = useDrill();
  const summarise = useLineSummary();
  const answers = [closed.data, verified.data].filter((answer) => answer !== undefined);
  const series = answers.map(cohortLineOf).filter(({ points }) => points.length > 0);
  const label = ({ key }: Series) => t(`metricName.${key}`);
  const open = (row: MetricRow) => {
    const answer = answers.find(({ rows }) => rows.includes(row));
    if (answer && asked) drill({ metric: answer.metric, title: answer.title, unit: answer.unit, asked, row });
  };
  const title = t('overview.cohorts');
  return (
    <ChartFrame
      title={title}
      definition={answers.map(({ definition }) => definition).join(' ')}
      csv={asked && csvAddress('closure-rate', asked)}
      pending={closed.isPending || verified.isPending}
      error={closed.error ?? verified.error}
      empty={series.length === 0 ? t('chart.empty') : undefined}
      summary={series.map((line) => summarise(line, 'share', 'week', label(line))).join(' ')}
      chart={(canvas) => (
        <TimeChart canvas={canvas} series={series} unit="share" grain="week" label={label} onOpen={open} />
      )}
      table={
        <PointTable
          caption={title}
          unit="share"
          heads={[t('dimension.cohort'), t('metric.what')]}
          lines={series.flatMap((line) =>
            line.points.map((point) => ({
              key: line.key + point.period,
              cells: [formatPeriod(point.period, 'week', locale), label(line)],
              point,
            })),
          )}
          onOpen={open}
        />
      }
    >
      <Group gap="md">
        <SeriesKey labels={series.map(label)} more={0} />
      </Group>
    </ChartFrame>
  );
}
