import { Button, Group, MultiSelect, NativeSelect, Popover, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useText } from '../i18n/text.js';
import { formatDays } from '../metrics/format.js';
import { useLabels } from '../metrics/labels.js';
import { dimensions } from '../metrics/metrics.js';
import { useMetric } from '../metrics/use-metric.js';
import { addDays, presets, withFilter, type Period } from '../metrics/view-state.js';
import { type View } from './view.js';

/** Which days, which feedback, against what, on which clock. */
export function ViewBar({ view, comparable = true }: { readonly view: View; readonly comparable?: boolean }) {
  const { t, locale } = useText();
  const labels = useLabels();
  const { state, change, period, grain } = view;
  const chosen = Object.entries(state.filters);
  return (
    <Stack gap="xs" className="no-print">
      <Group gap="xs" align="end">
        <PeriodPicker key={period ? period.from + period.to : ''} view={view} />
        <NativeSelect
          label={t('view.grain')}
          value={state.grain ?? ''}
          onChange={({ currentTarget: { value } }) => {
            const { grain: _old, ...rest } = state;
            change(value === '' ? rest : { ...rest, grain: value as 'day' });
          }}
          data={[
            { value: '', label: t('view.grainUsual', { grain: t(`grain.${grain}`) }) },
            ...(['day', 'week', 'month'] as const).map((value) => ({ value, label: t(`grain.${value}`) })),
          ]}
        />
        {comparable && (
          <NativeSelect
            label={t('view.compare')}
            value={state.compare ?? ''}
            onChange={({ currentTarget: { value } }) => {
              const { compare: _old, ...rest } = state;
              change(value === '' ? rest : { ...rest, compare: value });
            }}
            data={[
              { value: '', label: t('view.compareNothing') },
              ...dimensions.map((value) => ({ value, label: labels.dimension(value) })),
            ]}
          />
        )}
        <NativeSelect
          label={t('view.clock')}
          value={state.clock}
          onChange={({ currentTarget: { value } }) =>
            change({ ...state, clock: value === 'business' ? 'business' : 'customer' })
          }
          data={[
            { value: 'customer', label: t('clock.customer') },
            { value: 'business', label: t('clock.business') },
          ]}
        />
        <FilterAdder view={view} />
        <Button variant="default" onClick={() => window.print()}>
          {t('view.print')}
        </Button>
      </Group>
      {chosen.length > 0 && (
        <Group gap="xs" role="list" aria-label={t('view.filters')}>
          {chosen.map(([dimension, values]) => (
            <Button
              key={dimension}
              role="listitem"
              size="compact-sm"
              variant="light"
              onClick={() => change(withFilter(state, dimension, []))}
              aria-label={t('view.filterRemove', { filter: labels.dimension(dimension) })}
            >
              {labels.dimension(dimension)}: {values.map((value) => labels.value(dimension, value)).join(', ')} ×
            </Button>
          ))}
          <Button size="compact-sm" variant="subtle" onClick={() => change({ ...state, filters: {} })}>
            {t('view.filtersNone')}
          </Button>
        </Group>
      )}
      <span className="visually-hidden" role="status">
        {period && formatDays(period.from, period.to, locale)}
      </span>
    </Stack>
  );
}

function PeriodPicker({ view: { state, change, period } }: { readonly view: View }) {
  const { t, locale } = useText();
  const [opened, setOpened] = useState(false);
  const [from, setFrom] = useState(period?.from ?? '');
  const [last, setLast] = useState(period ? addDays(period.to, -1) : '');
  const choose = (next: Period | number | undefined) => {
    const { period: _old, ...rest } = state;
    change(next === undefined ? rest : { ...rest, period: next });
    setOpened(false);
  };
  const wrong = from !== '' && last !== '' && from > last;
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" trapFocus withinPortal>
      <Popover.Target>
        <Button variant="default" onClick={() => setOpened(!opened)} aria-expanded={opened}>
          {period ? formatDays(period.from, period.to, locale) : t('word.loading')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="xs">
          <Group gap={6}>
            {presets.map((days) => (
              <Button
                key={days}
                size="compact-sm"
                variant={state.period === days ? 'filled' : 'default'}
                onClick={() => choose(days)}
              >
                {t('view.days', { days })}
              </Button>
            ))}
            <Button
              size="compact-sm"
              variant={state.period === undefined ? 'filled' : 'default'}
              onClick={() => choose(undefined)}
            >
              {t('view.latest')}
            </Button>
          </Group>
          <Group gap="xs" align="start">
            <TextInput
              type="date"
              label={t('view.from')}
              value={from}
              onChange={({ currentTarget }) => setFrom(currentTarget.value)}
            />
            <TextInput
              type="date"
              label={t('view.last')}
              value={last}
              onChange={({ currentTarget }) => setLast(currentTarget.value)}
              error={wrong && t('view.order')}
            />
          </Group>
          <Button disabled={from === '' || last === '' || wrong} onClick={() => choose({ from, to: addDays(last, 1) })}>
            {t('view.apply')}
          </Button>
          <Text size="xs" c="dimmed">
            {t('view.utc')}
          </Text>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

/** What there is to filter by is asked of the metrics: the values that were said in these days. */
function FilterAdder({ view: { state, change, period } }: { readonly view: View }) {
  const { t } = useText();
  const labels = useLabels();
  const [opened, setOpened] = useState(false);
  const [dimension, setDimension] = useState<string>('channel');
  const known = useMetric('volume', opened && period ? { period, filters: {}, by: [dimension] } : undefined);
  const values = (known.data?.rows ?? []).toSorted((a, b) => b.n - a.n).flatMap((row) => row.values[dimension] ?? []);
  const chosen = state.filters[dimension] ?? [];
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" trapFocus withinPortal>
      <Popover.Target>
        <Button variant="default" onClick={() => setOpened(!opened)} aria-expanded={opened}>
          {t('view.filter')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="xs" w={280}>
          <NativeSelect
            label={t('view.filterBy')}
            value={dimension}
            onChange={({ currentTarget }) => setDimension(currentTarget.value)}
            data={dimensions.map((value) => ({ value, label: labels.dimension(value) }))}
          />
          <MultiSelect
            label={labels.dimension(dimension)}
            placeholder={values.length === 0 ? t('view.filterNoValues') : undefined}
            searchable
            limit={200}
            data={[...new Set([...chosen, ...values])].map((value) => ({
              value,
              label: labels.value(dimension, value),
            }))}
            value={[...chosen]}
            onChange={(next) => change(withFilter(state, dimension, next))}
            comboboxProps={{ withinPortal: false }}
          />
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
