import '../pages.css';
import { Button, Card, Stack, Table, Text, Title, VisuallyHidden } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useLocation, useParams } from 'wouter';
import { api } from '../api/client.js';
import { formatInstant, formatNumber } from '../i18n/format.js';
import { useText } from '../i18n/text.js';
import { PageLink } from '../navigation/page-link.js';
import { Busy } from '../shell/busy.js';
import { ProblemAlert } from '../shell/failure.js';
import { type RuleSet } from './rule-sets.js';
import { useRuleSets } from './use-rule-sets.js';
import { RuleSetState } from './rule-set-state.js';
import { RuleSetView } from './rule-set-view.js';

/** Who gets which feedback: rule sets, tried before they decide. */
export default function RulesPage() {
  const { t } = useText();
  const { id } = useParams<{ id?: string }>();
  return (
    <Stack gap="md" p="md">
      <Title order={1}>{t('rules.title')}</Title>
      {id === undefined ? <RuleSets /> : <Opened key={id} id={id} />}
    </Stack>
  );
}

function Opened({ id }: { readonly id: string }) {
  const { t } = useText();
  const { data, error } = useQuery({
    queryKey: ['rule-set', id],
    queryFn: ({ signal }) => api.get<RuleSet>('routing', `/v1/rule-sets/${encodeURIComponent(id)}`, { signal }),
    // what somebody is editing is not taken from under the hands
    refetchOnWindowFocus: false,
  });
  if (error) return <ProblemAlert error={error} />;
  if (!data) return <Busy />;
  return (
    <>
      <PageLink href="/rules">{t('rules.back')}</PageLink>
      <RuleSetView key={`${data.id}.${data.edition ?? 0}.${data.state}`} ruleSet={data} />
    </>
  );
}

function RuleSets() {
  const { t, locale } = useText();
  const [, go] = useLocation();
  const queries = useQueryClient();
  const { data, error } = useRuleSets();
  const draft = useMutation({
    mutationFn: async (from: string) => {
      const [{ rules }, active] = await Promise.all([
        api.get<RuleSet>('routing', `/v1/rule-sets/${from}`),
        api.get<RuleSet>('routing', '/v1/rule-sets/active'),
      ]);
      return api.post<RuleSet>('routing', '/v1/rule-sets', { body: { rules, basedOn: active.version } });
    },
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: ['rule-sets'] });
      go(`/rules/${id}`);
    },
  });
  if (error) return <ProblemAlert error={error} />;
  if (!data) return <Busy />;
  return (
    <>
      {draft.error && <ProblemAlert error={draft.error} />}
      <Card withBorder padding="md">
        <Text size="sm" c="dimmed" mb="xs">
          {t('rules.note')}
        </Text>
        <Table.ScrollContainer minWidth={640}>
          <Table verticalSpacing="xs" className="numbers">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('rules.set')}</Table.Th>
                <Table.Th>{t('rules.state')}</Table.Th>
                <Table.Th ta="right">{t('rules.count')}</Table.Th>
                <Table.Th>{t('rules.created')}</Table.Th>
                <Table.Th>{t('rules.activated')}</Table.Th>
                <Table.Th>
                  <VisuallyHidden>{t('rules.draftOf')}</VisuallyHidden>
                </Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.items.map((set) => (
                <Table.Tr key={set.id}>
                  <Table.Td>
                    <PageLink href={`/rules/${set.id}`}>
                      {set.version === undefined ? set.id : t('rules.version', { version: set.version })}
                    </PageLink>
                    {set.from && (
                      <Text size="xs" c="dimmed">
                        {t('rules.from', { from: set.from })}
                      </Text>
                    )}
                  </Table.Td>
                  <Table.Td>
                    <RuleSetState state={set.state} />
                  </Table.Td>
                  <Table.Td ta="right">{formatNumber(set.ruleCount, locale)}</Table.Td>
                  <Table.Td>
                    {formatInstant(new Date(set.createdAt), locale)}
                    <Text size="xs" c="dimmed">
                      {set.createdBy}
                    </Text>
                  </Table.Td>
                  <Table.Td>{set.activatedAt ? formatInstant(new Date(set.activatedAt), locale) : '–'}</Table.Td>
                  <Table.Td ta="right">
                    <Button
                      size="compact-sm"
                      variant="default"
                      loading={draft.isPending}
                      onClick={() => draft.mutate(set.id)}
                    >
                      {t('rules.draftOf')}
                    </Button>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      </Card>
    </>
  );
}
