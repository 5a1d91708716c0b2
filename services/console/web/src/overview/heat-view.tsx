import { Group, NativeSelect, Stack } from '@mantine/core';
import { useText } from '../i18n/text.js';
import { useLabels } from '../metrics/labels.js';
import { dimensions, type Dimension, type MetricAnswer } from '../metrics/metrics.js';
import { HeatPanel, ListPanel } from '../metrics/panels.js';
import { useMetric } from '../metrics/use-metric.js';
import { type Asked } from '../metrics/view-state.js';
import { useSearch } from '../navigation/search.js';
import { type View } from './view.js';

const metrics = ['volume', 'negative-share', 'rating', 'csat', 'nps', 'ces'] as const;

/** What is known of the feedback at hand: a touchpoint, else a product, else only by which channel it came. */
function useFirstKnown(base: Asked | undefined): Dimension {
  const touchpoints = useMetric('volume', base && { ...base, by: ['touchpoint'] }).data;
  const noTouchpoint = touchpoints && !isKnown(touchpoints, 'touchpoint');
  const products = useMetric('volume', base && noTouchpoint ? { ...base, by: ['product'] } : undefined).data;
  if (!noTouchpoint) return 'touchpoint';
  return products && !isKnown(products, 'product') ? 'channel' : 'product';
}

const isKnown = ({ rows }: MetricAnswer, dimension: Dimension): boolean =>
  rows.some(({ n, values }) => n > 0 && values[dimension] !== null);

/** Topic against touchpoint, or any other two dimensions. */
export function HeatView({ view: { base } }: { readonly view: View }) {
  const { t } = useText();
  const labels = useLabels();
  const [search, setSearch] = useSearch();
  const chosen = (name: string, known: readonly string[], usual: string) => {
    const value = search.get(name);
    return value !== null && known.includes(value) ? value : usual;
  };
  const rows = chosen('rows', dimensions, 'topic');
  const columns = chosen('columns', dimensions, useFirstKnown(base));
  const metric = chosen('of', metrics, 'negative-share');
  const set = (name: string, value: string) => {
    const next = new URLSearchParams(search);
    next.set(name, value);
    setSearch(next);
  };
  const options = dimensions.map((value) => ({ value, label: labels.dimension(value) }));
  return (
    <Stack gap="md">
      <Group gap="xs" className="no-print">
        <NativeSelect
          label={t('heat.of')}
          value={metric}
          onChange={({ currentTarget }) => set('of', currentTarget.value)}
          data={metrics.map((value) => ({ value, label: t(`metricName.${value}`) }))}
        />
        <NativeSelect
          label={t('heat.rows')}
          value={rows}
          onChange={({ currentTarget }) => set('rows', currentTarget.value)}
          data={options}
        />
        <NativeSelect
          label={t('heat.columns')}
          value={columns}
          onChange={({ currentTarget }) => set('columns', currentTarget.value)}
          data={options}
        />
      </Group>
      {rows === columns ? (
        <ListPanel metric={metric} asked={base} by={rows} />
      ) : (
        <HeatPanel
          metric={metric}
          asked={base}
          dimensions={[rows, columns]}
          title={t('heat.title', {
            metric: t(`metricName.${metric}`),
            rows: labels.dimension(rows),
            columns: labels.dimension(columns),
          })}
        />
      )}
      <ListPanel
        metric="volume"
        asked={base}
        by={rows}
        title={t('heat.volume', { dimension: labels.dimension(rows) })}
      />
    </Stack>
  );
}
