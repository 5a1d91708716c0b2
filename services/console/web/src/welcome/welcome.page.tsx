import {
  Alert,
  Anchor,
  Button,
  Code,
  Container,
  CopyButton,
  Group,
  List,
  Paper,
  Stack,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { IconCheck } from '@tabler/icons-react';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { api } from '../api/client.js';
import { type Counts } from '../api/loops.js';
import { hasRole, seesAll, useSession } from '../api/session.js';
import { ProblemAlert } from '../shell/failure.js';

/** How the first feedback comes in, and whether it has. */
export default function WelcomePage() {
  const { t } = useTranslation();
  const session = useSession();
  const [source, setSource] = useState('first');
  useDocumentTitle(`${t('welcome.title')} · Closeloop`);
  const counts = useQuery({
    queryKey: ['loop', 'counts'],
    queryFn: ({ signal }) => api.get<Counts>('loop', '/v1/loops/counts', { signal }),
    refetchInterval: 2_000,
  });
  const make = useMutation({
    mutationFn: () =>
      api.post<{ key: string }>('ingestion', '/v1/api-keys', {
        body: { source: source.trim(), name: t('welcome.keyName') },
      }),
  });
  const arrived = (counts.data?.total ?? 0) > 0;
  const command = [
    `curl -sS ${session.ingestionUrl}/v1/feedback \\`,
    `  -H 'authorization: Bearer ${make.data?.key ?? '<API key>'}' \\`,
    `  -H 'content-type: application/json' \\`,
    `  -d '{"channel":"review","rating":{"value":1,"scale":5},"text":"The room was lovely, but nobody answered the phone."}'`,
  ].join('\n');

  return (
    <Container size="sm" py="xl">
      <Stack gap="lg">
        <div>
          <Title order={1}>{t('welcome.title')}</Title>
          <Text c="dimmed" size="sm" mt={4}>
            {t('welcome.text')}
          </Text>
        </div>
        <Alert
          role="status"
          variant="light"
          color={arrived ? 'green' : 'gray'}
          icon={arrived ? <IconCheck size={18} aria-hidden /> : undefined}
          title={arrived ? t('welcome.arrived', { count: counts.data!.total }) : t('welcome.waiting')}
        >
          {arrived && (
            <Anchor component={Link} href="/inbox" size="sm">
              {t('welcome.toInbox')}
            </Anchor>
          )}
        </Alert>
        <Paper withBorder p="lg">
          <Stack gap="md">
            <Title order={2}>{t('welcome.key.title')}</Title>
            {hasRole(session, ['admin']) ? (
              <form
                onSubmit={(event) => {
                  event.preventDefault();
                  make.mutate();
                }}
              >
                <Group align="flex-end" gap="xs">
                  <TextInput
                    label={t('welcome.key.source')}
                    description={t('welcome.key.sourceHint')}
                    value={source}
                    onChange={({ currentTarget }) => setSource(currentTarget.value)}
                    pattern="[a-z0-9][a-z0-9._\-]{0,99}"
                    required
                    flex={1}
                  />
                  <Button type="submit" loading={make.isPending}>
                    {t('welcome.key.make')}
                  </Button>
                </Group>
              </form>
            ) : (
              <Text size="sm">{t('welcome.key.admin')}</Text>
            )}
            {make.error && <ProblemAlert error={make.error} />}
            {make.data && <Text size="sm">{t('welcome.key.once')}</Text>}
          </Stack>
        </Paper>
        <Paper withBorder p="lg">
          <Stack gap="xs">
            <Group justify="space-between">
              <Title order={2}>{t('welcome.send.title')}</Title>
              <CopyButton value={command}>
                {({ copied, copy }) => (
                  <Button size="xs" variant="default" onClick={copy}>
                    {t(copied ? 'welcome.send.copied' : 'welcome.send.copy')}
                  </Button>
                )}
              </CopyButton>
            </Group>
            <Code block tabIndex={0} aria-label={t('welcome.send.title')}>
              {command}
            </Code>
          </Stack>
        </Paper>
        {seesAll(session) && (
          <Paper withBorder p="lg">
            <Title order={2} mb="xs">
              {t('welcome.next.title')}
            </Title>
            <List size="sm" spacing={4}>
              <List.Item>
                <Code>npm run demo -- --keep</Code> {t('welcome.next.demo')}
              </List.Item>
              <List.Item>
                <Code>docs/connectors.md</Code> {t('welcome.next.connectors')}
              </List.Item>
            </List>
          </Paper>
        )}
      </Stack>
    </Container>
  );
}
