import {
  Alert,
  Badge,
  Button,
  Card,
  Checkbox,
  Code,
  Collapse,
  Group,
  NativeSelect,
  Stack,
  Text,
  TextInput,
} from '@mantine/core';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api/client.js';
import { formatInstant } from '../i18n/format.js';
import { useText } from '../i18n/text.js';
import { useSearch } from '../navigation/search.js';
import { PageLink } from '../navigation/page-link.js';
import { Busy } from '../shell/busy.js';
import { ProblemAlert } from '../shell/failure.js';
import { countsOf, letterStates, type Letter } from './operations.js';

interface Done {
  readonly results: readonly { readonly id: string; readonly result: string; readonly failedAs?: string }[];
}

/** What died on its way: to look at, to send again, to give up with a reason. */
export function DeadLetters({ mayReplay }: { readonly mayReplay: boolean }) {
  const { t, has, locale } = useText();
  const queries = useQueryClient();
  const [search, setSearch] = useSearch();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [reason, setReason] = useState('');
  const state = letterStates.find((name) => name === search.get('state')) ?? 'open';
  const found = useInfiniteQuery({
    queryKey: ['dead-letters', state],
    queryFn: ({ pageParam, signal }) =>
      api.get<{ items: readonly Letter[]; cursor?: string }>('ingestion', '/v1/dead-letters', {
        ...{ signal, query: { state, limit: 50, cursor: pageParam === '' ? undefined : pageParam } },
      }),
    initialPageParam: '',
    getNextPageParam: ({ cursor }) => cursor,
  });
  const letters = found.data?.pages.flatMap(({ items }) => items) ?? [];
  const act = useMutation({
    mutationFn: (step: 'replay' | 'discard') =>
      api.post<Done>('ingestion', `/v1/dead-letters/${step}`, {
        body: { ids: [...chosen], ...(step === 'discard' ? { reason } : state !== 'open' && { again: true }) },
      }),
    onSuccess: async () => {
      setChosen(new Set());
      setReason('');
      await queries.invalidateQueries({ queryKey: ['dead-letters'] });
      await queries.invalidateQueries({ queryKey: ['ledger'] });
    },
  });
  const toggle = (id: string, checked: boolean) =>
    setChosen((before) => (checked ? new Set([...before, id]) : new Set([...before].filter((one) => one !== id))));
  return (
    <Stack gap="md">
      <Group align="end" gap="xs">
        <NativeSelect
          label={t('letters.state')}
          value={state}
          onChange={({ currentTarget }) => {
            const next = new URLSearchParams(search);
            next.set('state', currentTarget.value);
            setChosen(new Set());
            setSearch(next);
          }}
          data={letterStates.map((value) => ({ value, label: t(`letterState.${value}`) }))}
        />
        {mayReplay && state !== 'settled' && (
          <>
            <Button disabled={chosen.size === 0} loading={act.isPending} onClick={() => act.mutate('replay')}>
              {t('letters.replay', { count: chosen.size })}
            </Button>
            <TextInput
              label={t('letters.reason')}
              value={reason}
              maxLength={500}
              onChange={({ currentTarget }) => setReason(currentTarget.value)}
            />
            <Button
              variant="default"
              disabled={chosen.size === 0 || reason.trim() === ''}
              loading={act.isPending}
              onClick={() => act.mutate('discard')}
            >
              {t('letters.discard', { count: chosen.size })}
            </Button>
          </>
        )}
      </Group>
      {!mayReplay && (
        <Text size="sm" c="dimmed">
          {t('letters.admins')}
        </Text>
      )}
      {act.error && <ProblemAlert error={act.error} />}
      {act.data && (
        <Alert color="blue" role="status">
          {countsOf(act.data.results)
            .map(
              ([result, count]) => `${has(`letterResult.${result}`) ? t(`letterResult.${result}`) : result}: ${count}`,
            )
            .join(', ')}
        </Alert>
      )}
      {found.error && <ProblemAlert error={found.error} />}
      {found.isLoading && <Busy />}
      {found.isSuccess && letters.length === 0 && (
        <Card withBorder>
          <Text c="dimmed" size="sm" ta="center" py="lg">
            {t('letters.none')}
          </Text>
        </Card>
      )}
      {letters.length > 0 && (
        <Card withBorder padding={0}>
          <ul className="plain-list rows">
            {letters.map((letter) => (
              <li key={letter.id} className="row padded">
                <Group wrap="nowrap" align="start" gap="sm">
                  {mayReplay && state !== 'settled' && (
                    <Checkbox
                      mt={2}
                      aria-label={t('letters.choose', { id: letter.id })}
                      checked={chosen.has(letter.id)}
                      onChange={({ currentTarget }) => toggle(letter.id, currentTarget.checked)}
                    />
                  )}
                  <LetterRow letter={letter} locale={locale} />
                </Group>
              </li>
            ))}
          </ul>
        </Card>
      )}
      {found.hasNextPage && (
        <Button variant="default" loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          {t('word.more')}
        </Button>
      )}
    </Stack>
  );
}

function LetterRow({ letter, locale }: { readonly letter: Letter; readonly locale: string }) {
  const { t } = useText();
  const [opened, setOpened] = useState(false);
  const whole = useQuery({
    queryKey: ['dead-letter', letter.id],
    queryFn: ({ signal }) => api.get<Letter>('ingestion', `/v1/dead-letters/${letter.id}`, { signal }),
    enabled: opened,
  });
  const { topic, partition, offset, group, reason, message, attempts, diedAt, feedbackId, source, replay, discarded } =
    letter;
  return (
    <div className="grow">
      <Group gap={6}>
        <Badge color="red" variant="light">
          {reason}
        </Badge>
        <Text size="sm" fw={500}>
          {`${topic}/${partition}@${offset}`}
        </Text>
        <Text size="xs" c="dimmed">
          {[group, source, formatInstant(new Date(diedAt), locale), t('operations.tries', { count: attempts })]
            .filter(Boolean)
            .join(' · ')}
        </Text>
      </Group>
      <Text size="sm" className="wrap" lineClamp={opened ? undefined : 2}>
        {message === '' ? t('feedback.erased') : message}
      </Text>
      {replay && (
        <Text size="xs" c="dimmed">
          {t('letters.replayed', {
            at: formatInstant(new Date(replay.at), locale),
            by: replay.by,
            times: replay.times,
            became: t(`letterResult.${replay.became}`),
          })}
        </Text>
      )}
      {discarded && (
        <Text size="xs" c="dimmed">
          {t('letters.discarded', {
            at: formatInstant(new Date(discarded.at), locale),
            by: discarded.by,
            reason: discarded.reason,
          })}
        </Text>
      )}
      <Group gap="sm">
        <Button variant="subtle" size="compact-xs" onClick={() => setOpened(!opened)} aria-expanded={opened}>
          {t('letters.stack')}
        </Button>
        {feedbackId && <PageLink href={`/operations/trace/${feedbackId}`}>{t('letters.trace')}</PageLink>}
      </Group>
      <Collapse expanded={opened}>
        {whole.error && <ProblemAlert error={whole.error} />}
        {whole.data && <Code block>{whole.data.stack ?? t('letters.noStack')}</Code>}
      </Collapse>
    </div>
  );
}
