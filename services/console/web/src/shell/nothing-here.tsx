import { Anchor, Center, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';

/** For a path that is no page, or none for this person. */
export function NothingHere() {
  const { t } = useTranslation();
  return (
    <Center mih={320} p="md">
      <Stack gap="xs" align="center">
        <Title order={1}>{t('shell.nothing.title')}</Title>
        <Text c="dimmed" size="sm" ta="center">
          {t('shell.nothing.text')}
        </Text>
        <Anchor component={Link} href="/" size="sm">
          {t('shell.nothing.back')}
        </Anchor>
      </Stack>
    </Center>
  );
}
