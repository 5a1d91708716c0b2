import { Paper, Text } from '@mantine/core';
import { useText } from '../i18n/text.js';
import { NumberText } from '../metrics/number-text.js';
import { type Unit } from '../metrics/metrics.js';
import { type Point } from './chart-data.js';

interface Props {
  readonly left: number;
  /** Of the chart: the tip stays in it */
  readonly width: number;
  readonly title: string;
  readonly lines: readonly { readonly label: string; readonly colour: string; readonly point: Point }[];
  readonly unit: Unit;
}

/** What the pointer is at; everything in it stands in the chart's table as well. */
export function PointTip({ left, width, title, lines, unit }: Props) {
  const { t } = useText();
  const right = left > width / 2;
  return (
    <Paper
      className="chart-tip"
      shadow="md"
      p="xs"
      withBorder
      aria-hidden
      style={right ? { right: width - left + 12 } : { left: left + 12 }}
    >
      <Text size="xs" fw={600}>
        {title}
      </Text>
      {lines.length === 0 && <Text size="xs">{t('chart.nothing')}</Text>}
      {lines.map(({ label, colour, point }) => (
        <div key={label} className="chart-tip-line">
          <span className="chart-key" style={{ background: colour }} />
          <Text size="xs" component="span" lineClamp={1}>
            {label}
          </Text>
          <NumberText unit={unit} point={point} size="xs" />
        </div>
      ))}
    </Paper>
  );
}
