import '../pages.css';
import { Alert, Button, Card, Group, NativeSelect, Stack, Table, Text, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api/client.js';
import { fieldErrors } from '../api/field-errors.js';
import { seesAll, useSession } from '../api/session.js';
import { useTeams } from '../api/teams.js';
import { useText } from '../i18n/text.js';
import { useLabels } from '../metrics/labels.js';
import { PageLink } from '../navigation/page-link.js';
import { Busy } from '../shell/busy.js';
import { ProblemAlert } from '../shell/failure.js';
import { asSent, journeyStages, ownedBy, type Ownership, type OwnershipRule } from './ownership.js';

/** Which team answers insights about which part of the experience. Everybody reads it, managers change it. */
export default function OwnershipPage() {
  const { t } = useText();
  const found = useQuery({
    queryKey: ['ownership'],
    queryFn: ({ signal }) => api.get<Ownership>('insights', '/v1/ownership', { signal }),
  });
  const [savedVersion, setSavedVersion] = useState<number>();
  return (
    <Stack gap="md" p="md">
      <PageLink href="/insights">{t('insights.back')}</PageLink>
      <Title order={1}>{t('ownership.title')}</Title>
      <Text size="sm" c="dimmed" maw={720}>
        {t('ownership.help')}
      </Text>
      {found.isPending && <Busy />}
      {found.error && <ProblemAlert error={found.error} />}
      {found.data && (
        <OwnershipTable
          key={found.data.version}
          ownership={found.data}
          isSaved={found.data.version === savedVersion}
          onSaved={setSavedVersion}
        />
      )}
    </Stack>
  );
}

interface TableProps {
  readonly ownership: Ownership;
  /** It is what was saved here last */
  readonly isSaved: boolean;
  readonly onSaved: (version: number) => void;
}

function OwnershipTable({ ownership, isSaved, onSaved }: TableProps) {
  const { t } = useText();
  const labels = useLabels();
  const teams = useTeams();
  const mayChange = seesAll(useSession());
  const queries = useQueryClient();
  const [rules, setRules] = useState<readonly OwnershipRule[]>(ownership.rules);
  const [defaultTeam, setDefaultTeam] = useState(ownership.defaultTeam);
  const send = useMutation({
    mutationFn: () =>
      api.put<Ownership>('insights', '/v1/ownership', {
        body: asSent({ defaultTeam, rules }),
        ifMatch: ownership.version,
      }),
    onSuccess: (saved) => {
      onSaved(saved.version);
      queries.setQueryData(['ownership'], saved);
    },
  });
  const wrong = fieldErrors(send.error);
  const change = (at: number, name: string, value: string) =>
    setRules(rules.map((rule, index) => (index === at ? { ...rule, [name]: value } : rule)));
  const choices = [
    { value: '', label: '–' },
    ...teams.map(({ name, displayName }) => ({ value: name, label: displayName })),
  ];
  const changed = JSON.stringify([defaultTeam, rules]) !== JSON.stringify([ownership.defaultTeam, ownership.rules]);
  return (
    <Card withBorder padding="md" component="form" onSubmit={(event) => (event.preventDefault(), send.mutate())}>
      <Stack gap="sm">
        {rules.length > 0 ? (
          <div className="scroll-x" tabIndex={0} role="group" aria-label={t('ownership.title')}>
            <Table miw={860} verticalSpacing={6}>
              <Table.Thead>
                <Table.Tr>
                  {[...ownedBy, 'team'].map((name) => (
                    <Table.Th key={name} scope="col">
                      {labels.dimension(name)}
                    </Table.Th>
                  ))}
                  {mayChange && <Table.Td />}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {rules.map((rule, at) => (
                  // rules have no name but their place
                  <Table.Tr key={at}>
                    {ownedBy.map((name) => (
                      <Table.Td key={name}>
                        {!mayChange ? (
                          rule[name] && labels.value(name, rule[name])
                        ) : name === 'journeyStage' ? (
                          <NativeSelect
                            aria-label={`${at + 1}: ${labels.dimension(name)}`}
                            value={rule[name] ?? ''}
                            onChange={({ currentTarget }) => change(at, name, currentTarget.value)}
                            data={[
                              { value: '', label: t('word.all') },
                              ...journeyStages.map((value) => ({ value, label: labels.value(name, value) })),
                            ]}
                            error={wrong[`/rules/${at}/${name}`]}
                          />
                        ) : (
                          <TextInput
                            aria-label={`${at + 1}: ${labels.dimension(name)}`}
                            value={rule[name] ?? ''}
                            placeholder={t('word.all')}
                            onChange={({ currentTarget }) => change(at, name, currentTarget.value)}
                            error={wrong[`/rules/${at}/${name}`]}
                          />
                        )}
                      </Table.Td>
                    ))}
                    <Table.Td>
                      {mayChange ? (
                        <NativeSelect
                          aria-label={`${at + 1}: ${labels.dimension('team')}`}
                          required
                          value={rule.team}
                          onChange={({ currentTarget }) => change(at, 'team', currentTarget.value)}
                          data={choices}
                          error={wrong[`/rules/${at}/team`] ?? wrong[`/rules/${at}`]}
                        />
                      ) : (
                        labels.value('team', rule.team)
                      )}
                    </Table.Td>
                    {mayChange && (
                      <Table.Td>
                        <Button
                          size="compact-sm"
                          variant="subtle"
                          color="red"
                          onClick={() => setRules(rules.filter((_, index) => index !== at))}
                          aria-label={t('ownership.removeThis', { number: at + 1 })}
                        >
                          {t('ownership.remove')}
                        </Button>
                      </Table.Td>
                    )}
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </div>
        ) : (
          <Text size="sm" c="dimmed">
            {t('ownership.none')}
          </Text>
        )}
        {mayChange ? (
          <NativeSelect
            maw={280}
            label={t('ownership.default')}
            required
            value={defaultTeam}
            onChange={({ currentTarget }) => setDefaultTeam(currentTarget.value)}
            data={choices}
            error={wrong['/defaultTeam']}
          />
        ) : (
          <Text size="sm">{`${t('ownership.default')}: ${labels.value('team', defaultTeam)}`}</Text>
        )}
        {send.error && <ProblemAlert error={send.error} />}
        {isSaved && !changed && (
          <Alert color="green" role="status">
            {t('ownership.saved')}
          </Alert>
        )}
        {mayChange && (
          <Group gap="xs">
            <Button variant="default" onClick={() => setRules([...rules, { team: '' }])}>
              {t('ownership.add')}
            </Button>
            <Button type="submit" disabled={!changed} loading={send.isPending}>
              {t('word.save')}
            </Button>
          </Group>
        )}
      </Stack>
    </Card>
  );
}
