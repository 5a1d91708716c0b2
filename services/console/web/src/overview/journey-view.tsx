import { Stack } from '@mantine/core';
import { useText } from '../i18n/text.js';
import { HeatPanel } from '../metrics/panels.js';
import { SideBySide } from './side-by-side.js';
import { type View } from './view.js';

/** The order that a customer goes through them */
const stages = ['awareness', 'consideration', 'purchase', 'onboarding', 'use', 'support', 'renewal'];

/** The customer's journey, stage by stage. */
export function JourneyView({ view: { base } }: { readonly view: View }) {
  const { t } = useText();
  return (
    <Stack gap="md">
      <SideBySide
        title={t('journey.title')}
        note={t('journey.note')}
        by="journeyStage"
        order={stages}
        metrics={['volume', 'negative-share', 'rating', 'csat', 'nps', 'closure-rate', 'verified-closure-rate']}
        asked={base}
      />
      <HeatPanel
        metric="negative-share"
        asked={base}
        dimensions={['journeyStage', 'topic']}
        title={t('journey.topics')}
      />
      <SideBySide
        title={t('journey.touchpoints')}
        by="touchpoint"
        metrics={['volume', 'negative-share', 'rating', 'csat', 'ces']}
        asked={base}
      />
    </Stack>
  );
}
