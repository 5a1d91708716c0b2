import { Fieldset, Group, NativeSelect, TextInput } from '@mantine/core';
import { useText } from '../i18n/text.js';
import { useLabels } from '../metrics/labels.js';
import { useDefinitions } from '../metrics/use-metric.js';
import { type ImprovementMetric } from './improvements.js';

interface Props {
  readonly value: ImprovementMetric;
  readonly onChange: (value: ImprovementMetric) => void;
  readonly error?: string | undefined;
}

const filterable = ['topic', 'touchpoint', 'location', 'product', 'channel', 'team'] as const;

/** The metric that an improvement is to move, and of which feedback. */
export function MetricChoice({ value, onChange, error }: Props) {
  const { t, has } = useText();
  const labels = useLabels();
  const { data } = useDefinitions();
  const metrics = data?.metrics ?? [{ name: value.name, title: value.name, definition: '' }];
  return (
    <Fieldset legend={t('improvement.metric')}>
      <NativeSelect
        label={t('improvement.metricName')}
        description={metrics.find(({ name }) => name === value.name)?.definition}
        value={value.name}
        error={error}
        onChange={({ currentTarget }) => onChange({ ...value, name: currentTarget.value })}
        data={metrics.map(({ name, title }) => ({
          value: name,
          label: has(`metricName.${name}`) ? t(`metricName.${name}`) : title,
        }))}
      />
      <Group gap="xs" mt="xs">
        {filterable.map((dimension) => (
          <TextInput
            key={dimension}
            label={labels.dimension(dimension)}
            value={value.filters[dimension]?.join(', ') ?? ''}
            onChange={({ currentTarget }) => {
              const values = currentTarget.value
                .split(',')
                .map((one) => one.trim())
                .filter((one) => one !== '');
              const { [dimension]: _old, ...rest } = value.filters;
              onChange({ ...value, filters: values.length > 0 ? { ...rest, [dimension]: values } : rest });
            }}
          />
        ))}
      </Group>
    </Fieldset>
  );
}
