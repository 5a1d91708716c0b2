import { Paper, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { type LoopEvent, type WholeLoop } from '../api/loops.js';
import { useFormat } from '../i18n/use-format.js';
import classes from './inbox.module.css';

/** What has happened to the loop, the newest first. */
export function History({ loop }: { readonly loop: WholeLoop }) {
  const { t } = useTranslation();
  return (
    <Paper withBorder p="md" component="section">
      <Title order={3} mb="xs">
        {t('history.title')}
      </Title>
      <ol className={classes.timeline}>
        {loop.history.toReversed().map((event) => (
          <Event
            key={event.version}
            event={event}
            reply={loop.replies.find(({ version }) => version === event.version)}
          />
        ))}
      </ol>
      {loop.followUps.map((followUp) => (
        <Text key={followUp.followUpId} size="xs" c="dimmed">
          {t('history.followUp', {
            cycle: followUp.cycle,
            state: t(`history.followUpState.${followUp.state as 'pending'}`),
          })}
        </Text>
      ))}
    </Paper>
  );
}

interface Properties {
  readonly event: LoopEvent;
  readonly reply: WholeLoop['replies'][number] | undefined;
}

function Event({ event, reply }: Properties) {
  const { t } = useTranslation();
  const format = useFormat();
  const who = event.actor.id ?? t(`history.actor.${event.actor.kind}`);
  return (
    <li className={classes.event} data-of={event.actor.kind}>
      <Stack gap={2}>
        <Text size="sm">
          <strong>{t(`history.change.${event.change as 'opened'}`)}</strong>{' '}
          <Text span size="sm" c="dimmed">
            {who} ·{' '}
            <time dateTime={event.at} title={format.instant(event.at)}>
              {format.ago(event.at)}
            </time>
          </Text>
        </Text>
        {event.note !== undefined && (
          <Text size="xs" c="dimmed">
            {t(`history.note.${event.note as 'warned'}`, { defaultValue: event.note })}
          </Text>
        )}
        {event.words?.text !== undefined && (
          <Text size="sm" className={classes.words}>
            {event.words.text}
          </Text>
        )}
        {reply && (
          <Text size="xs" c={reply.state === 'failed' ? 'red' : 'dimmed'}>
            {t(`history.reply.${reply.state}`)}
            {reply.message !== undefined && `: ${reply.message}`}
          </Text>
        )}
      </Stack>
    </li>
  );
}
