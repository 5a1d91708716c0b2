import { Button, Group, Modal, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client.js';
import { type LoopFeedback } from '../api/loops.js';
import { ProblemAlert } from '../shell/failure.js';

interface Properties {
  readonly loops: readonly string[];
  readonly about: LoopFeedback | undefined;
  readonly onClose: () => void;
}

/** What an agent notices, for those who can change it: a claim, with these loops as its evidence. */
export function InsightDialog({ loops, about, onClose }: Properties) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [title, setTitle] = useState('');
  const [claim, setClaim] = useState('');
  const { feedback, tags } = about ?? {};
  const raise = useMutation({
    mutationFn: () =>
      // whose it is, the table of ownership says: not the team that has noticed it
      api.post<{ readonly team: string }>('insights', '/v1/insights', {
        body: {
          ...{ title: title.trim(), claim: claim.trim(), loopIds: loops },
          ...(tags?.topics?.[0] && { topic: tags.topics[0].name }),
          ...(feedback?.touchpoint !== undefined && { touchpoint: feedback.touchpoint }),
          ...(feedback?.journeyStage !== undefined && { journeyStage: feedback.journeyStage }),
          ...(feedback?.location !== undefined && { location: feedback.location }),
          ...(feedback?.product !== undefined && { product: feedback.product }),
        },
      }),
    onSuccess: ({ team }) => {
      notifications.show({ message: t('insight.raised', { team }) });
      void client.invalidateQueries({ queryKey: ['insights'] });
      onClose();
    },
  });
  const facts = [tags?.topics?.[0]?.name, feedback?.touchpoint, feedback?.product, feedback?.location].filter(
    (fact) => fact !== undefined,
  );
  return (
    <Modal opened onClose={onClose} title={t('insight.raise')} closeButtonProps={{ 'aria-label': t('shell.close') }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          raise.mutate();
        }}
      >
        <Stack gap="sm">
          <Text size="sm" c="dimmed">
            {t('insight.from', { count: loops.length })}
            {facts.length > 0 && ` · ${facts.join(' · ')}`}
          </Text>
          <TextInput
            label={t('insight.titleLabel')}
            placeholder={t('insight.titlePlaceholder')}
            value={title}
            onChange={({ currentTarget }) => setTitle(currentTarget.value)}
            maxLength={200}
            required
            data-autofocus
          />
          <Textarea
            label={t('insight.claimLabel')}
            value={claim}
            onChange={({ currentTarget }) => setClaim(currentTarget.value)}
            autosize
            minRows={3}
            maxLength={4_000}
            required
          />
          {raise.error && <ProblemAlert error={raise.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t('shell.cancel')}
            </Button>
            <Button type="submit" loading={raise.isPending} disabled={title.trim() === '' || claim.trim() === ''}>
              {t('insight.raise')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
