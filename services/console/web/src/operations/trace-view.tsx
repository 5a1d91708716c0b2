import { Badge, Button, Card, Group, Stack, Table, Text, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { api } from '../api/client.js';
import { formatInstant, formatNumber } from '../i18n/format.js';
import { useText } from '../i18n/text.js';
import { formatDuration } from '../metrics/format.js';
import { PageLink } from '../navigation/page-link.js';
import { Busy } from '../shell/busy.js';
import { ProblemAlert } from '../shell/failure.js';
import { idIn } from '../tags/tags.js';
import { waitsOf, type Trace } from './operations.js';

/** Where one feedback has been, step by step. */
export function TraceView({ feedbackId }: { readonly feedbackId: string | undefined }) {
  const { t } = useText();
  const [, go] = useLocation();
  const [text, setText] = useState(feedbackId ?? '');
  const [wrong, setWrong] = useState(false);
  return (
    <Stack gap="md">
      <Card withBorder padding="md">
        <form
          onSubmit={(event) => {
            event.preventDefault();
            const id = idIn(text);
            setWrong(id === undefined);
            if (id !== undefined) go(`/operations/trace/${id}`);
          }}
        >
          <Group align="end" gap="xs">
            <TextInput
              className="grow"
              label={t('trace.find')}
              value={text}
              onChange={({ currentTarget }) => setText(currentTarget.value)}
              error={wrong && t('tags.findWrong')}
            />
            <Button type="submit">{t('trace.open')}</Button>
          </Group>
        </form>
      </Card>
      {feedbackId !== undefined && <Traced feedbackId={feedbackId} />}
    </Stack>
  );
}

function Traced({ feedbackId }: { readonly feedbackId: string }) {
  const { t, locale } = useText();
  const { data, error } = useQuery({
    queryKey: ['trace', feedbackId],
    queryFn: ({ signal }) =>
      api.get<Trace>('ingestion', `/v1/feedback/${encodeURIComponent(feedbackId)}/trace`, { signal }),
  });
  if (error) return <ProblemAlert error={error} />;
  if (!data) return <Busy />;
  return (
    <Stack gap="md">
      <Group gap="xs">
        <Badge
          color={data.status === 'settled' ? 'teal' : data.status === 'dead-letter' ? 'red' : 'yellow'}
          variant="light"
        >
          {t(`feedbackStatus.${data.status}`)}
        </Badge>
        <Text size="sm">{data.source}</Text>
        {data.loop && <PageLink href={`/inbox/${data.loop.loopId}`}>{t('feedback.loop')}</PageLink>}
        <PageLink href={`/tags/${data.feedbackId}`}>{t('feedback.tags')}</PageLink>
      </Group>
      {data.revisions.map(({ revision, kind, receivedAt, outbox, steps }) => {
        const waits = waitsOf(receivedAt, steps);
        return (
          <Card key={revision} withBorder padding="md">
            <Title order={2}>{t('trace.revision', { revision })}</Title>
            <Text size="sm" c="dimmed">
              {[t(`feedbackKind.${kind}`), formatInstant(new Date(receivedAt), locale), t(`outbox.${outbox}`)].join(
                ' · ',
              )}
            </Text>
            {steps.length === 0 ? (
              <Text size="sm" c="dimmed">
                {t('trace.noSteps')}
              </Text>
            ) : (
              <Table.ScrollContainer minWidth={560}>
                <Table className="numbers">
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>{t('trace.step')}</Table.Th>
                      <Table.Th>{t('trace.place')}</Table.Th>
                      <Table.Th>{t('trace.at')}</Table.Th>
                      <Table.Th ta="right">{t('trace.took')}</Table.Th>
                      <Table.Th ta="right">{t('trace.attempts')}</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {steps.map(({ group, topic, partition, offset, at, attempts }, index) => (
                      <Table.Tr key={`${group}${at}${offset}`}>
                        <Table.Td>{group}</Table.Td>
                        <Table.Td>{`${topic}/${partition}@${offset}`}</Table.Td>
                        <Table.Td>{formatInstant(new Date(at), locale)}</Table.Td>
                        <Table.Td ta="right">
                          {waits[index]! < 1000
                            ? `${formatNumber(waits[index]!, locale)} ms`
                            : formatDuration(waits[index]!, locale)}
                        </Table.Td>
                        <Table.Td ta="right">{attempts}</Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </Table.ScrollContainer>
            )}
          </Card>
        );
      })}
      {data.deadLetters.length > 0 && (
        <Card withBorder padding="md">
          <Title order={2}>{t('operations.tab.dead-letters')}</Title>
          <ul className="plain-list">
            {data.deadLetters.map(({ id, state, reason }) => (
              <li key={id}>
                <Text size="sm">{`${reason} · ${t(`letterState.${state}`)} · ${id}`}</Text>
              </li>
            ))}
          </ul>
        </Card>
      )}
    </Stack>
  );
}
