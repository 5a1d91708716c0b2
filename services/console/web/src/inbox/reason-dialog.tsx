import { Button, Group, Modal, Textarea } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

interface Properties {
  readonly asked: 'dismiss' | 'reopen' | undefined;
  readonly onClose: () => void;
  readonly onGiven: (reason: string) => void;
}

/** Why: the history keeps it. */
export function ReasonDialog({ asked, onClose, onGiven }: Properties) {
  const { t } = useTranslation();
  const [reason, setReason] = useState('');
  return (
    <Modal
      opened={asked !== undefined}
      onClose={onClose}
      title={t(`loop.command.${asked ?? 'dismiss'}`)}
      closeButtonProps={{ 'aria-label': t('shell.close') }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onGiven(reason.trim());
          setReason('');
          onClose();
        }}
      >
        <Textarea
          label={t('inbox.reason')}
          value={reason}
          onChange={({ currentTarget }) => setReason(currentTarget.value)}
          autosize
          minRows={3}
          maxLength={2_000}
          required
          data-autofocus
        />
        <Group justify="flex-end" mt="md">
          <Button type="submit" disabled={reason.trim() === ''}>
            {t(`loop.command.${asked ?? 'dismiss'}`)}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
