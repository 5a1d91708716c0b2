import { Alert, Button, Center, Code, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { useSuspenseQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'wouter';
import { own } from '../api/client.js';
import { Mark } from '../shell/mark.js';

const failures = ['link-used', 'refused', 'begin-again', 'issuer-away', 'too-large'] as const;

/** For who is not signed in: how to, and why it did not work. */
export default function SignInPage() {
  const { t } = useTranslation();
  const [search] = useSearchParams();
  const { data: ways } = useSuspenseQuery({
    queryKey: ['sign-in'],
    queryFn: () => own.get<{ issuer: boolean; links: boolean }>('sign-in'),
  });
  const failed = failures.find((failure) => failure === search.get('failed'));
  return (
    <Center component="main" mih="100dvh" p="md">
      <Paper withBorder p="xl" w="100%" maw={420}>
        <Stack gap="md">
          <Group gap="sm">
            <Mark size={28} />
            <Title order={1}>{t('signIn.title')}</Title>
          </Group>
          {failed && (
            <Alert color="red" variant="light" role="alert">
              {t(`signIn.failed.${failed}`)}
            </Alert>
          )}
          {ways.issuer && (
            <Button component="a" href={`/sign-in/start?return=${encodeURIComponent(search.get('return') ?? '/')}`}>
              {t('signIn.issuer')}
            </Button>
          )}
          {ways.links && (
            <Stack gap={6}>
              <Text size="sm">{t('signIn.link')}</Text>
              <Code block>npx closeloop sign-in</Code>
            </Stack>
          )}
          {!ways.issuer && !ways.links && <Text size="sm">{t('signIn.none')}</Text>}
        </Stack>
      </Paper>
    </Center>
  );
}
