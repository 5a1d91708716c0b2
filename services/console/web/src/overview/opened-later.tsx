import { Alert, Group, Text } from '@mantine/core';
import { useText } from '../i18n/text.js';
import { useMetric } from '../metrics/use-metric.js';
import { searchOf, type Asked } from '../metrics/view-state.js';
import { PageLink } from '../navigation/page-link.js';
import { type View } from './view.js';

interface Props {
  readonly view: View;
  /** Of all loops that are open now, whenever they were opened */
  readonly standing: Asked | undefined;
}

/**
 * Feedback counts on the day on which it was said, a loop on the day on which it was opened, which is that of its receipt: of what was imported no loop
 * lies in the days that are looked at. That is said instead of leaving the numbers empty.
 */
export function OpenedLater({ view: { base, state }, standing }: Props) {
  const { t } = useText();
  const said = useCount('volume', base);
  const opened = useCount('closure-rate', base);
  const open = useCount('backlog', standing);
  if (!said || !open || opened !== 0) return null;
  return (
    <Alert color="blue" p="xs">
      <Group gap="xs">
        <Text size="sm">{t('overview.openedLater')}</Text>
        <PageLink href={`?${searchOf({ ...state, period: 30 }).toString()}`}>{t('overview.toOpened')}</PageLink>
      </Group>
    </Alert>
  );
}

const useCount = (metric: string, asked: Asked | undefined): number | undefined =>
  useMetric(metric, asked).data?.rows.reduce((sum, { n }) => sum + n, 0);
