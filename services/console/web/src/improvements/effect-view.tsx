import { Text } from '@mantine/core';
import { useText } from '../i18n/text.js';
import { formatNumber } from '../i18n/format.js';
import { formatDays, formatInterval, formatValue } from '../metrics/format.js';
import { useLabels } from '../metrics/labels.js';
import { type Unit } from '../metrics/metrics.js';
import { useDefinitions } from '../metrics/use-metric.js';
import { isSure, type Effect, type ImprovementMetric, type Measured } from './improvements.js';

interface Props {
  readonly metric: ImprovementMetric | null;
  readonly effect: Effect | null | undefined;
}

/** Before and after, each with interval and n; and whether the difference is surely one. */
export function EffectView({ metric, effect }: Props) {
  const { t, has, locale } = useText();
  const labels = useLabels();
  const { data } = useDefinitions();
  if (!metric)
    return (
      <Text size="sm" c="dimmed">
        {t('improvement.noMetric')}
      </Text>
    );
  const unit: Unit = data?.metrics.find(({ name }) => name === metric.name)?.unit ?? 'count';
  const title = has(`metricName.${metric.name}`) ? t(`metricName.${metric.name}`) : metric.name;
  if (!effect)
    return (
      <Text size="sm" c="dimmed">
        {t('improvement.noEffect', { metric: title })}
      </Text>
    );
  const { before, after, comparison, difference } = effect;
  const differenceText = (value: number | null) =>
    value === null
      ? '?'
      : unit === 'share'
        ? t('metric.percentagePoints', { value: formatValue('points', value * 100, locale) })
        : signed(formatValue(unit, value, locale), value);
  const side = (name: string, { n, value, interval, from, to }: Measured) => (
    <div>
      <dt>{name}</dt>
      <dd className="numbers">
        <strong>{formatValue(unit, value, locale)}</strong>
        {interval && ` (${formatInterval(unit, interval, locale)})`} · {t('metric.n', { n: formatNumber(n, locale) })}
        {from && to && <span className="quiet"> · {formatDays(from.slice(0, 10), to.slice(0, 10), locale)}</span>}
      </dd>
    </div>
  );
  return (
    <dl className="facts" aria-label={title}>
      <div>
        <dt>{t('improvement.metric')}</dt>
        <dd>{[title, ...Object.values(metric.filters).flat()].join(' · ')}</dd>
      </div>
      {side(t('improvement.before'), before)}
      {after && side(t('improvement.after'), after)}
      {comparison &&
        side(t('improvement.comparisonBefore', { by: labels.dimension(comparison.by) }), comparison.before)}
      {comparison && side(t('improvement.comparisonAfter', { by: labels.dimension(comparison.by) }), comparison.after)}
      {[['improvement.difference', difference] as const, ['improvement.differences', comparison?.net] as const].map(
        ([name, moved]) =>
          moved &&
          moved.value !== null && (
            <div key={name}>
              <dt>{t(name)}</dt>
              <dd className="numbers">
                <strong>{differenceText(moved.value)}</strong>
                {moved.interval && ` (${moved.interval.map(differenceText).join(' – ')})`} ·{' '}
                {t(isSure(moved) ? 'improvement.sure' : 'improvement.unsure')}
              </dd>
            </div>
          ),
      )}
    </dl>
  );
}

/** A difference says which way it goes. */
const signed = (text: string, value: number): string => (value > 0 && !text.startsWith('+') ? `+${text}` : text);
