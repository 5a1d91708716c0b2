import { Group, Paper, Text, Title } from '@mantine/core';
import { IconAlarm, IconCheck, IconHourglass } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { type ClockReading, type Loop } from '../api/loops.js';
import { useFormat } from '../i18n/use-format.js';
import { urgencyColors } from './badges.js';
import { standingOf } from './clocks.js';
import classes from './inbox.module.css';

interface Properties {
  readonly sla: NonNullable<Loop['sla']>;
  readonly sinceMs: number;
  /** Resolved or closed: nothing runs any more */
  readonly isOver: boolean;
}

/** Both clocks of both targets: the customer's, and that of business hours. */
export function ClockTable({ sla, sinceMs, isOver }: Properties) {
  const { t } = useTranslation();
  return (
    <Paper withBorder p="md" component="section">
      <Title order={3} mb={6}>
        {t('clocks.title')}
      </Title>
      <table className={classes.clocks}>
        <thead>
          <tr>
            <td />
            <th scope="col">{t('clocks.customer')}</th>
            <th scope="col">{t('clocks.business')}</th>
          </tr>
        </thead>
        <tbody>
          {(['firstResponse', 'resolution'] as const).map((target) => (
            <tr key={target}>
              <th scope="row">{t(`clocks.${target}`)}</th>
              <Reading clock={sla[target].customer} {...{ sinceMs, isOver }} />
              <Reading clock={sla[target].business} {...{ sinceMs, isOver }} />
            </tr>
          ))}
        </tbody>
      </table>
    </Paper>
  );
}

function Reading({ clock, sinceMs, isOver }: { clock: ClockReading; sinceMs: number; isOver: boolean }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { elapsedMs, leftMs, urgency } = standingOf(clock, isOver ? 0 : sinceMs);
  const runs = clock.dueAt !== undefined && !isOver;
  const Icon = urgency === 'breached' ? IconAlarm : runs ? IconHourglass : IconCheck;
  if (leftMs === undefined) {
    return <td>{t('clocks.noLimit', { span: format.span(elapsedMs) })}</td>;
  }
  const said =
    urgency === 'breached'
      ? t('clocks.breached', { span: format.span(leftMs) })
      : runs
        ? t('clocks.left', { span: format.span(leftMs) })
        : t('clocks.stands', { span: format.span(elapsedMs) });
  return (
    <td title={clock.dueAt === undefined ? undefined : t('clocks.dueAt', { when: format.instant(clock.dueAt) })}>
      <Group gap={5} wrap="nowrap" style={{ color: urgencyColors[urgency] }}>
        <Icon size={14} aria-hidden />
        <Text
          size="sm"
          fw={urgency === 'fine' ? 400 : 600}
          c={urgency === 'fine' ? 'var(--mantine-color-text)' : undefined}
        >
          {said}
        </Text>
        <Text size="xs" c="dimmed">
          {t('clocks.of', { span: format.span(clock.limitMs ?? 0) })}
        </Text>
      </Group>
    </td>
  );
}
