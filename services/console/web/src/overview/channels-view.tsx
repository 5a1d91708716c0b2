import { Stack } from '@mantine/core';
import { useText } from '../i18n/text.js';
import { HeatPanel, ListPanel } from '../metrics/panels.js';
import { Charts } from './charts.js';
import { SideBySide } from './side-by-side.js';
import { type View } from './view.js';

/** Whether customers meet the same wherever they come: each channel against the whole. */
export function ChannelsView({ view: { base } }: { readonly view: View }) {
  const { t } = useText();
  return (
    <Stack gap="md">
      <SideBySide
        title={t('channels.title')}
        note={t('channels.note')}
        by="channel"
        metrics={[
          ...['volume', 'negative-share', 'rating', 'csat', 'nps', 'ces'],
          ...['first-response-time', 'closure-rate', 'verified-closure-rate'],
        ]}
        asked={base}
      />
      <Charts>
        <ListPanel metric="negative-share" asked={base} by="channel" whole title={t('channels.negative')} />
        <ListPanel metric="first-response-time" asked={base} by="channel" whole title={t('channels.response')} />
      </Charts>
      <HeatPanel metric="negative-share" asked={base} dimensions={['topic', 'channel']} title={t('channels.topics')} />
    </Stack>
  );
}
