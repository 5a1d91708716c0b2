import { Badge, Group, Text, Tooltip } from '@mantine/core';
import { IconAlarm, IconAlertTriangle, IconFlame, IconHourglass } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { type LoopState, type Priority, type Rating } from '../api/loops.js';
import { useFormat } from '../i18n/use-format.js';
import { type Urgency } from './clocks.js';

const stateColors: Record<LoopState, string> = {
  opened: 'blue',
  reopened: 'orange',
  acknowledged: 'petrol',
  responded: 'grape',
  resolved: 'teal',
  verified: 'green',
  'closed-unverified': 'gray',
  dismissed: 'gray',
  withdrawn: 'gray',
};

export function StateBadge({ state }: { readonly state: LoopState }) {
  const { t } = useTranslation();
  return (
    <Badge size="sm" radius="sm" variant="light" color={stateColors[state]} tt="none" style={{ flex: 'none' }}>
      {t(`loop.state.${state}`)}
    </Badge>
  );
}

/** Said by a sign and in words, not by its colour alone; what is usual is not said. */
export function PriorityMark({ priority, words = false }: { readonly priority: Priority; readonly words?: boolean }) {
  const { t } = useTranslation();
  const label = t(`loop.priority.${priority}`);
  if (priority === 'medium' || priority === 'low') return words ? <Text size="sm">{label}</Text> : null;
  const Icon = priority === 'critical' ? IconFlame : IconAlertTriangle;
  return (
    <Tooltip label={label} disabled={words}>
      <Group gap={4} wrap="nowrap" c={priority === 'critical' ? 'red.8' : 'orange.8'} style={{ flex: 'none' }}>
        <Icon
          size={15}
          stroke={2}
          role="img"
          aria-label={label}
          aria-hidden={words}
          color={`light-dark(var(--mantine-color-${priority === 'critical' ? 'red' : 'orange'}-8), var(--mantine-color-${priority === 'critical' ? 'red' : 'orange'}-4))`}
        />
        {words && (
          <Text size="sm" c="var(--mantine-color-text)">
            {label}
          </Text>
        )}
      </Group>
    </Tooltip>
  );
}

export const urgencyColors: Record<Urgency, string> = {
  none: 'var(--mantine-color-dimmed)',
  fine: 'var(--mantine-color-dimmed)',
  warning: 'light-dark(var(--mantine-color-orange-9), var(--mantine-color-orange-4))',
  breached: 'light-dark(var(--mantine-color-red-8), var(--mantine-color-red-4))',
};

/** How long there is still time, or by how much it is too late. */
export function DueMark({ due }: { readonly due: { readonly leftMs: number; readonly urgency: Urgency } }) {
  const { t } = useTranslation();
  const format = useFormat();
  const Icon = due.urgency === 'breached' ? IconAlarm : IconHourglass;
  const span = format.span(due.leftMs);
  return (
    <Group gap={3} wrap="nowrap" style={{ color: urgencyColors[due.urgency], flex: 'none' }}>
      <Icon size={13} aria-hidden />
      <Text size="xs" className="tabular" fw={due.urgency === 'fine' ? 400 : 600}>
        {due.leftMs <= 0 ? t('inbox.overdueBy', { span }) : t('inbox.dueIn', { span })}
      </Text>
    </Group>
  );
}

export function RatingMark({ rating: { value, scale } }: { readonly rating: Rating }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <Text
      component="span"
      size="xs"
      className="tabular"
      style={{ flex: 'none' }}
      role="img"
      aria-label={t('loop.rating', { value, scale })}
    >
      <span aria-hidden>
        {format.number(value, 1)}/{scale} ★
      </span>
    </Text>
  );
}
