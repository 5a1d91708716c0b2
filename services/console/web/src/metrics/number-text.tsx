import { Text, type TextProps } from '@mantine/core';
import { useText } from '../i18n/text.js';
import { formatNumber } from '../i18n/format.js';
import { formatInterval, formatValue } from './format.js';
import { type Interval, type MetricRow, type Unit } from './metrics.js';

interface Props extends TextProps {
  readonly unit: Unit;
  readonly point: {
    readonly value: number | null;
    readonly interval: Interval | null;
    readonly n: number;
    readonly row: Pick<MetricRow, 'small' | 'hidden'>;
  };
}

/** A number as it is always told: with its interval and n; or that it is hidden; never bare. */
export function NumberText({ unit, point: { value, interval, n, row }, ...text }: Props) {
  const { t, locale } = useText();
  const count = t('metric.n', { n: formatNumber(n, locale) });
  if (row.hidden) {
    return (
      <Text component="span" c="dimmed" {...text}>
        {t('metric.hidden')} · {count}
      </Text>
    );
  }
  return (
    <Text component="span" className="numbers" {...text}>
      <strong>{formatValue(unit, value, locale)}</strong>
      {interval && ` (${formatInterval(unit, interval, locale)})`} · {count}
      {row.small && n > 0 && ` · ${t('metric.small')}`}
    </Text>
  );
}
