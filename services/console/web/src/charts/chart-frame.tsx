import { ActionIcon, Alert, Card, Group, Menu, SegmentedControl, Stack, Text, Title, Tooltip } from '@mantine/core';
import { useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useId, useState, type ReactNode } from 'react';
import { problemText } from '../api/field-errors.js';
import { useText } from '../i18n/text.js';
import { Busy } from '../shell/busy.js';
import { paletteOf, type Palette } from './palette.js';
import { savePicture } from './save-picture.js';

/** What a chart draws on. */
export interface Canvas {
  readonly width: number;
  readonly palette: Palette;
  readonly locale: string;
  /** Takes the picture, so that it can be saved */
  readonly svg: (picture: SVGSVGElement | null) => void;
  /** What the picture shows, in words */
  readonly name: string;
}

interface Props {
  readonly title: string;
  /** What the number is, as the API defines it */
  readonly definition?: string | undefined;
  /** The chart in words */
  readonly summary?: string | undefined;
  /** Where the same numbers are as CSV */
  readonly csv?: string | undefined;
  readonly pending: boolean;
  readonly error?: unknown;
  /** Told instead of a chart */
  readonly empty?: string | undefined;
  /** Beside the title */
  readonly controls?: ReactNode;
  readonly chart: (canvas: Canvas) => ReactNode;
  /** The same numbers as a table, for those who do not see the chart */
  readonly table: ReactNode;
  /** Under the chart: keys, notes */
  readonly children?: ReactNode;
}

/** A chart with its title, what it says in words, its table, and the ways to take it along. */
export function ChartFrame(props: Props) {
  const { title, definition, summary, csv, pending, error, empty, controls, chart, table, children } = props;
  const { t, locale } = useText();
  const { ref, width } = useElementSize<HTMLDivElement>();
  const [picture, setPicture] = useState<SVGSVGElement | null>(null);
  const [view, setView] = useState<'chart' | 'table'>('chart');
  const [failed, setFailed] = useState(false);
  const palette = paletteOf(useComputedColorScheme('light'));
  const heading = useId();
  const save = () => {
    setFailed(false);
    if (!picture) return;
    savePicture(picture, { name: title, ground: palette.ground }).catch(() => setFailed(true));
  };
  const ready = !pending && error == null && empty === undefined;
  return (
    <Card withBorder padding="md" component="section" aria-labelledby={heading} className="chart-card">
      <Stack gap="xs">
        <Group justify="space-between" align="start" gap="xs">
          <div className="chart-title">
            <Group gap={4} wrap="nowrap">
              <Title order={2} size="h3" id={heading}>
                {title}
              </Title>
              {definition && (
                <Tooltip label={definition} multiline w={320} events={{ hover: true, focus: true, touch: true }}>
                  <ActionIcon variant="subtle" color="gray" size="sm" aria-label={t('chart.definition', { title })}>
                    ?
                  </ActionIcon>
                </Tooltip>
              )}
            </Group>
            {ready && summary && (
              <Text size="sm" c="dimmed">
                {summary}
              </Text>
            )}
          </div>
          <Group gap="xs" wrap="nowrap" className="no-print">
            {controls}
            {ready && (
              <>
                <SegmentedControl
                  size="xs"
                  value={view}
                  onChange={(next) => setView(next === 'table' ? 'table' : 'chart')}
                  data={[
                    { value: 'chart', label: t('chart.chart') },
                    { value: 'table', label: t('chart.table') },
                  ]}
                  aria-label={t('chart.view', { title })}
                />
                <Menu position="bottom-end" withinPortal>
                  <Menu.Target>
                    <ActionIcon variant="default" size="md" aria-label={t('chart.take', { title })}>
                      ⋯
                    </ActionIcon>
                  </Menu.Target>
                  <Menu.Dropdown>
                    {csv && (
                      <Menu.Item component="a" href={csv} download>
                        {t('chart.csv')}
                      </Menu.Item>
                    )}
                    <Menu.Item onClick={save} disabled={view !== 'chart'}>
                      {t('chart.png')}
                    </Menu.Item>
                  </Menu.Dropdown>
                </Menu>
              </>
            )}
          </Group>
        </Group>
        {failed && <Alert color="red">{t('chart.noPicture')}</Alert>}
        <div ref={ref} className="chart-room">
          {pending && <Busy label={t('chart.loading', { title })} />}
          {!pending && error != null && (
            <Alert color="red" title={t('chart.failed')}>
              {problemText(error)}
            </Alert>
          )}
          {!pending && error == null && empty !== undefined && (
            <Text c="dimmed" size="sm" py="lg" ta="center">
              {empty}
            </Text>
          )}
          {ready &&
            view === 'chart' &&
            width > 0 &&
            chart({ width, palette, locale, svg: setPicture, name: `${title}. ${summary ?? ''}` })}
          {ready && view === 'table' && <div className="chart-table">{table}</div>}
        </div>
        {ready && children}
      </Stack>
    </Card>
  );
}
