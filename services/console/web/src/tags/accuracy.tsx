import { useQuery } from '@tanstack/react-query';
import { api } from '../api/client.js';
import { SeriesKey } from '../charts/series-key.js';
import { ChartFrame } from '../charts/chart-frame.js';
import { PointTable } from '../charts/point-table.js';
import { TimeChart } from '../charts/time-chart.js';
import { useText } from '../i18n/text.js';
import { formatPeriod } from '../metrics/format.js';
import { accuracyLines, type Accuracy } from './accuracy-lines.js';

/** How often the tagger was right, by what people have said of its tags, week by week. */
export function AccuracyByWeek() {
  const { t, locale } = useText();
  const { data, isPending, error } = useQuery({
    queryKey: ['accuracy'],
    queryFn: ({ signal }) => api.get<Accuracy>('learning', '/v1/accuracy', { signal }),
  });
  const series = data ? accuracyLines(data) : [];
  const label = ({ key }: { readonly key: string }) => t(`tags.${key === 'spamOrEmpty' ? 'spam' : key}`);
  const title = t('tags.accuracy');
  return (
    <ChartFrame
      title={title}
      definition={t('tags.accuracyDefinition')}
      summary={t('tags.accuracyNote')}
      pending={isPending}
      error={error}
      empty={series.length === 0 ? t('tags.accuracyNone') : undefined}
      chart={(canvas) => <TimeChart canvas={canvas} series={series} unit="share" grain="week" label={label} />}
      table={
        <PointTable
          caption={title}
          unit="share"
          heads={[t('metric.period'), t('metric.what')]}
          lines={series.flatMap((line) =>
            line.points.map((point) => ({
              key: line.key + point.period,
              cells: [formatPeriod(point.period, 'week', locale), label(line)],
              point,
            })),
          )}
        />
      }
    >
      <SeriesKey labels={series.map(label)} more={0} />
    </ChartFrame>
  );
}
