import { Group, Kbd, Modal, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

const keys = [
  ['j', 'next'],
  ['k', 'previous'],
  ['a', 'acknowledge'],
  ['r', 'respond'],
  ['Ctrl + Enter', 'send'],
  ['e', 'resolve'],
  ['x', 'select'],
  ['u', 'undo'],
  ['/', 'search'],
  ['Esc', 'back'],
  ['?', 'help'],
] as const;

export function KeyboardHelp({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal
      {...{ opened, onClose }}
      title={t('inbox.keys.title')}
      size="sm"
      closeButtonProps={{ 'aria-label': t('shell.close') }}
    >
      <Stack gap={6}>
        {keys.map(([key, what]) => (
          <Group key={key} justify="space-between" wrap="nowrap">
            <Text size="sm">{t(`inbox.keys.${what}`)}</Text>
            <Kbd>{key}</Kbd>
          </Group>
        ))}
      </Stack>
    </Modal>
  );
}
