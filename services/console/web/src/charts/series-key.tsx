import { Group, Text, useComputedColorScheme } from '@mantine/core';
import { useText } from '../i18n/text.js';
import { Marker } from './marker.js';
import { paletteOf } from './palette.js';

/** Which line is which, and how many are left out. */
export function SeriesKey({ labels, more }: { readonly labels: readonly string[]; readonly more: number }) {
  const { t } = useText();
  const palette = paletteOf(useComputedColorScheme('light'));
  if (labels.length < 2 && more === 0) return null;
  return (
    <Group gap="md" component="ul" className="plain-list">
      {labels.map((label, index) => (
        <li key={label} className="series-key">
          <svg width={14} height={14} aria-hidden>
            <Marker
              x={7}
              y={7}
              index={index}
              colour={palette.series[index % palette.series.length]!}
              ground={palette.ground}
              hollow={false}
            />
          </svg>
          <Text size="xs" component="span">
            {label}
          </Text>
        </li>
      ))}
      {more > 0 && (
        <Text size="xs" c="dimmed" component="li">
          {t('chart.more', { count: more })}
        </Text>
      )}
    </Group>
  );
}
