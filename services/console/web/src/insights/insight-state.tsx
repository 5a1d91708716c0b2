import { Badge } from '@mantine/core';
import { useText } from '../i18n/text.js';

/** Where an insight stands. */
export function InsightState({ state }: { readonly state: string }) {
  const { t, has } = useText();
  const colour = state === 'raised' ? 'orange' : state === 'declined' || state === 'merged' ? 'gray' : 'teal';
  return (
    <Badge color={colour} variant="light" className="no-shrink">
      {has(`insightState.${state}`) ? t(`insightState.${state}`) : state}
    </Badge>
  );
}
