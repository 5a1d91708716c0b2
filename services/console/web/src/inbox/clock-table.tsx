import { Group, Paper, Text, Title } from '@mantine/core';
import { IconAlarm, IconCheck, IconHourglass, IconMinus } from '@tabler/icons-react';
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
  /** The customer was answered, in the first cycle */
  readonly isAnswered: boolean;
}

/** Both clocks of both targets: the customer's, and that of business hours. */
export function ClockTable({ sla, sinceMs, isOver, isAnswered }: Properties) {
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
              {(['customer', 'business'] as const).map((clock) => (
                <Reading
                  key={clock}
                  clock={sla[target][clock]}
                  {...{ sinceMs, isOver }}
                  isMissing={target === 'firstResponse' && isOver && !isAnswered}
                />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Paper>
  );
}

interface ReadingProperties {
  readonly clock: ClockReading;
  readonly sinceMs: number;
  readonly isOver: boolean;
  /** It ended without what it waited for: neither kept nor running */
  readonly isMissing: boolean;
}

function Reading({ clock, sinceMs, isOver, isMissing }: ReadingProperties) {
  const { t } = useTranslation();
  const format = useFormat();
  const { elapsedMs, leftMs, urgency } = standingOf(clock, isOver ? 0 : sinceMs);
  const runs = clock.dueAt !== undefined && !isOver;
  const Icon = urgency === 'breached' ? IconAlarm : runs ? IconHourglass : isMissing ? IconMinus : IconCheck;
  if (leftMs === undefined) {
    return (
      <td>{elapsedMs < 60_000 ? t('clocks.unpromised') : t('clocks.noLimit', { span: format.span(elapsedMs) })}</td>
    );
  }
  const said =
    urgency === 'breached'
      ? t('clocks.breached', { span: format.span(leftMs) })
      : runs
        ? t('clocks.left', { span: format.span(leftMs) })
        : isMissing
          ? t('clocks.unanswered')
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
