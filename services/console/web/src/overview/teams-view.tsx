import { Stack } from '@mantine/core';
import { useText } from '../i18n/text.js';
import { ListPanel } from '../metrics/panels.js';
import { Charts } from './charts.js';
import { SideBySide } from './side-by-side.js';
import { type View } from './view.js';

/** Teams side by side. */
export function TeamsView({ view: { base } }: { readonly view: View }) {
  const { t } = useText();
  return (
    <Stack gap="md">
      <SideBySide
        title={t('teams.title')}
        note={t('teams.note')}
        by="team"
        metrics={[
          ...['volume', 'backlog', 'closure-rate', 'verified-closure-rate', 'reopen-rate', 'fcr'],
          ...['first-response-time', 'time-to-close', 'sla-attainment'],
        ]}
        asked={base}
      />
      <Charts>
        <ListPanel metric="verified-closure-rate" asked={base} by="team" whole />
        <ListPanel metric="sla-attainment" asked={base} by="team" whole />
      </Charts>
    </Stack>
  );
}
