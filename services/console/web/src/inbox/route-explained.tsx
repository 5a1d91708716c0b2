import { Button, Code, Paper, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client.js';
import { type LoopFeedback, type Route, type WholeLoop } from '../api/loops.js';
import { seesAll, type SignedIn } from '../api/session.js';
import { ProblemAlert } from '../shell/failure.js';
import classes from './inbox.module.css';

interface Explained {
  readonly version?: number;
  readonly route: Route;
  readonly rules: readonly {
    readonly name: string;
    readonly team: string;
    readonly matched: boolean;
    readonly wins?: true;
    readonly because?: readonly { readonly part: string }[];
    readonly failed?: string;
  }[];
}

interface Properties {
  readonly one: LoopFeedback;
  readonly loop: WholeLoop;
  readonly session: SignedIn;
}

/** Why the loop is here: the rule that decided, and, for those who make rules, why those before it did not. */
export function RouteExplained({ one, loop, session }: Properties) {
  const { t } = useTranslation();
  const [wanted, setWanted] = useState(false);
  const explained = useQuery({
    queryKey: ['rehearsal', 'explain', one.feedbackId, one.revision],
    queryFn: ({ signal }) =>
      api.post<Explained>('rehearsal', '/v1/rule-sets/active/explain', {
        body: { feedbackId: one.feedbackId },
        signal,
      }),
    enabled: wanted,
  });
  const { route } = one;
  const moves = loop.history.filter(({ change }) => change === 'assigned' || change === 'escalated');
  return (
    <Paper withBorder p="md" component="section">
      <Title order={3} mb={6}>
        {t('route.title')}
      </Title>
      <Stack gap="xs">
        {route ? (
          <dl className={classes.facts}>
            <dt>{t('route.rule')}</dt>
            <dd>
              {route.rule}{' '}
              <Text span size="xs" c="dimmed">
                {t('route.version', { version: route.ruleSetVersion })}
              </Text>
            </dd>
            <dt>{t('route.team')}</dt>
            <dd>{route.team}</dd>
            {route.labels.length > 0 && (
              <>
                <dt>{t('route.labels')}</dt>
                <dd>{route.labels.join(', ')}</dd>
              </>
            )}
            <dt>{t('route.policy')}</dt>
            <dd>{route.slaPolicy}</dd>
          </dl>
        ) : (
          <Text size="sm" c="dimmed">
            {t('route.unknown')}
          </Text>
        )}
        {moves.length > 0 && <Text size="sm">{t('route.moved', { count: moves.length, team: loop.team })}</Text>}
        {seesAll(session) && !wanted && (
          <Button size="xs" variant="default" style={{ alignSelf: 'flex-start' }} onClick={() => setWanted(true)}>
            {t('route.explain')}
          </Button>
        )}
        {explained.error && <ProblemAlert error={explained.error} />}
        {explained.data && (
          <Stack gap={4} component="ol" m={0} pl="lg">
            {explained.data.rules.map(({ name, team, wins, matched, because, failed }) => (
              <Text key={name} component="li" size="sm" fw={wins ? 600 : 400} c={matched ? undefined : 'dimmed'}>
                {name} → {team}{' '}
                {wins
                  ? t('route.wins')
                  : failed !== undefined
                    ? t('route.failed', { why: failed })
                    : matched
                      ? t('route.tooLate')
                      : ''}
                {because?.map((part) => (
                  <Code key={part.part} ml={6}>
                    {part.part}
                  </Code>
                ))}
              </Text>
            ))}
          </Stack>
        )}
      </Stack>
    </Paper>
  );
}
