import { Alert, Anchor, Button, Checkbox, Group, Paper, Stack, Text, Textarea, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { forwardRef, useImperativeHandle, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type LoopEvent, type LoopState, type WholeLoop, type Writing } from '../api/loops.js';
import { ApiProblem } from '../api/problem.js';
import { type SignedIn } from '../api/session.js';
import { useFormat } from '../i18n/use-format.js';
import { ProblemAlert } from '../shell/failure.js';
import { AnswerHelp } from './answer-help.js';
import { sendCommand, type Commands } from './use-commands.js';
import { useDraft } from './use-draft.js';

export interface AnswerBoxHandle {
  focus(): void;
}

interface Properties {
  readonly loop: WholeLoop;
  readonly session: SignedIn;
  readonly commands: Commands;
}

const answerable: readonly LoopState[] = ['opened', 'reopened', 'acknowledged', 'responded'];
/** Most characters of an answer. */
const maxLength = 20_000;

/** Where the customer is answered: nobody over somebody else, and nobody to words that were changed. */
export const AnswerBox = forwardRef<AnswerBoxHandle, Properties>(function AnswerBox(
  { loop, session, commands },
  handle,
) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const field = useRef<HTMLTextAreaElement>(null);
  const [confirmStale, setConfirmStale] = useState(false);
  const answered = loop.feedback.findLast(({ feedback }) => feedback !== undefined);
  const draft = useDraft(loop, session.subject, answered);
  useImperativeHandle(handle, () => ({
    focus: () => {
      field.current?.scrollIntoView({ block: 'center' });
      field.current?.focus();
    },
  }));

  const respond = useMutation({
    mutationFn: async ({ send, takeOver = false }: { send: boolean; takeOver?: boolean }) => {
      await commands.flush(loop.loopId);
      return sendCommand({
        ...{ loopId: loop.loopId, version: loop.version, name: 'respond' },
        body: {
          ...{ text: draft.text.trim(), send, feedbackId: answered!.feedbackId },
          ...(!send && { channel: answered!.feedback?.channel ?? 'email' }),
          ...(takeOver && { takeOver }),
          ...(confirmStale && { confirmStale }),
        },
      });
    },
    onSuccess: () => {
      draft.finish();
      setConfirmStale(false);
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['loop'] }),
  });

  if (!answerable.includes(loop.state) || !answered) return null;
  const isStale = draft.isStale || reasonOf(respond.error) === 'stale';
  const canSend = draft.text.trim() !== '' && (!isStale || confirmStale);

  return (
    <Paper withBorder p="md" component="section">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (canSend) respond.mutate({ send: true });
        }}
      >
        <Stack gap="xs">
          <Group justify="space-between">
            <Title order={3}>{t('answer.title')}</Title>
            <AnswerHelp
              loop={loop}
              feedbackId={answered.feedbackId}
              onUse={(text) => {
                draft.write(text);
                field.current?.focus();
              }}
            />
          </Group>
          <Textarea
            ref={field}
            aria-label={t('answer.title')}
            placeholder={t('answer.placeholder')}
            value={draft.text}
            onChange={({ currentTarget }) => draft.write(currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === 'Escape') event.currentTarget.blur();
              if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) event.currentTarget.form?.requestSubmit();
            }}
            autosize
            minRows={4}
            maxRows={18}
            maxLength={maxLength}
          />
          {draft.keep.data?.warning && (
            <Text size="sm" c="orange.9" role="status">
              {t('answer.heldBy', { who: draft.keep.data.warning.by })}
            </Text>
          )}
          {draft.keep.error && <ProblemAlert error={draft.keep.error} />}
          {isStale && (
            <Alert color="orange" variant="light" title={t('answer.staleTitle')} role="alert">
              <Checkbox
                size="sm"
                label={t('answer.stale')}
                checked={confirmStale}
                onChange={({ currentTarget }) => setConfirmStale(currentTarget.checked)}
              />
            </Alert>
          )}
          {respond.error && (
            <Collision error={respond.error} onTakeOver={() => respond.mutate({ send: true, takeOver: true })} />
          )}
          <Group gap="xs">
            <Button type="submit" size="sm" disabled={!canSend} loading={respond.isPending}>
              {t('answer.send')}
            </Button>
            <Button
              size="sm"
              variant="default"
              disabled={!canSend || respond.isPending}
              title={t('answer.recordTitle')}
              onClick={() => respond.mutate({ send: false })}
            >
              {t('answer.record')}
            </Button>
            {draft.text !== '' && (
              <Button size="sm" variant="subtle" color="gray" onClick={draft.discard}>
                {t('answer.discard')}
              </Button>
            )}
            <Text size="xs" c="dimmed" ml="auto" role="status">
              {draft.keep.isPending
                ? t('answer.keeping')
                : draft.keep.isSuccess && draft.text !== ''
                  ? t('answer.kept')
                  : ''}
            </Text>
          </Group>
        </Stack>
      </form>
    </Paper>
  );
});

const reasonOf = (error: Error | null): unknown => (error instanceof ApiProblem ? error.members['reason'] : undefined);

/** What somebody else has done meanwhile, or is doing. */
function Collision({ error, onTakeOver }: { readonly error: Error; readonly onTakeOver: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (!(error instanceof ApiProblem) || error.status !== 409) return <ProblemAlert error={error} />;
  if (reasonOf(error) === 'being-answered') {
    const [first] = (error.members['writing'] ?? []) as readonly Writing[];
    return (
      <Alert color="orange" variant="light" title={t('answer.beingAnswered', { who: first?.agent ?? '' })} role="alert">
        <Anchor component="button" type="button" size="sm" onClick={onTakeOver}>
          {t('answer.takeOver')}
        </Anchor>
      </Alert>
    );
  }
  const happened = (error.members['happened'] ?? []) as readonly LoopEvent[];
  return (
    <Alert color="orange" variant="light" title={t('answer.conflict')} role="alert">
      {happened.map((event) => (
        <Text key={event.version} size="sm">
          {t(`history.change.${event.change as 'opened'}`)} · {event.actor.id ?? t(`history.actor.${event.actor.kind}`)}{' '}
          · {format.ago(event.at)}
        </Text>
      ))}
      <Text size="sm">{t('answer.conflictHint')}</Text>
    </Alert>
  );
}
