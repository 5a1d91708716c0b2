import { Alert, Button, Card, Group, SegmentedControl, Stack, Text, Textarea, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useLocation } from 'wouter';
import { api } from '../api/client.js';
import { formatInstant } from '../i18n/format.js';
import { useText } from '../i18n/text.js';
import { useTeams } from '../api/teams.js';
import { ProblemAlert } from '../shell/failure.js';
import { type ConditionEnvironment } from './conditions.js';
import { DryRun } from './dry-run.js';
import { Explain } from './explain.js';
import { RuleForm } from './rule-form.js';
import { RuleSetState } from './rule-set-state.js';
import { freeName, moved, newRule, problemsOf, type Rule, type RuleSet } from './rule-sets.js';

type Part = 'rules' | 'try' | 'explain' | 'history';
const parts: readonly Part[] = ['rules', 'try', 'explain', 'history'];

/** A rule set: its rules (a draft's can be edited), what it would have done, and why it decides what it decides. */
export function RuleSetView({ ruleSet }: { readonly ruleSet: RuleSet }) {
  const { t, locale } = useText();
  const queries = useQueryClient();
  const [, go] = useLocation();
  const teams = useTeams();
  const [rules, setRules] = useState(ruleSet.rules);
  const [opened, setOpened] = useState<number>();
  const [part, setPart] = useState<Part>('rules');
  const isDraft = ruleSet.state === 'draft';
  const changed = JSON.stringify(rules) !== JSON.stringify(ruleSet.rules);
  const environment = useQuery({
    queryKey: ['conditions'],
    queryFn: ({ signal }) => api.get<ConditionEnvironment>('routing', '/v1/conditions', { signal }),
    staleTime: Infinity,
  });
  const save = useMutation({
    mutationFn: () =>
      api.put<RuleSet>('routing', `/v1/rule-sets/${ruleSet.id}`, { body: { rules }, ifMatch: ruleSet.edition ?? 1 }),
    onSuccess: async (saved) => {
      queries.setQueryData(['rule-set', ruleSet.id], saved);
      await queries.invalidateQueries({ queryKey: ['rule-sets'] });
    },
  });
  const remove = useMutation({
    mutationFn: () => api.delete('routing', `/v1/rule-sets/${ruleSet.id}`, { ifMatch: ruleSet.edition ?? 1 }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['rule-sets'] });
      go('/rules');
    },
  });
  const problems = problemsOf(save.error);
  const edit = (index: number, rule: Rule) => setRules(rules.map((one, at) => (at === index ? rule : one)));
  const policies = [...new Set(['urgent', 'standard', 'relaxed', ...rules.map(({ slaPolicy }) => slaPolicy)])];
  return (
    <Stack gap="md">
      <Group justify="space-between" align="center">
        <Group gap="xs">
          <Title order={2}>
            {ruleSet.version === undefined ? ruleSet.id : t('rules.version', { version: ruleSet.version })}
          </Title>
          <RuleSetState state={ruleSet.state} />
          {ruleSet.basedOn !== undefined && (
            <Text size="sm" c="dimmed">
              {t('rules.basedOn', { version: ruleSet.basedOn })}
            </Text>
          )}
        </Group>
        {isDraft && (
          <Group gap="xs">
            <Button loading={save.isPending} disabled={!changed} onClick={() => save.mutate()}>
              {t('word.save')}
            </Button>
            <Button variant="default" color="red" loading={remove.isPending} onClick={() => remove.mutate()}>
              {t('rules.delete')}
            </Button>
          </Group>
        )}
      </Group>
      {save.error && <ProblemAlert error={save.error} />}
      {remove.error && <ProblemAlert error={remove.error} />}
      {problems.whole.map((message) => (
        <Alert key={message} color="red">
          {message}
        </Alert>
      ))}
      <SegmentedControl
        value={part}
        onChange={(next) => setPart(parts.find((one) => one === next) ?? 'rules')}
        data={parts.map((value) => ({ value, label: t(`rules.part.${value}`) }))}
        aria-label={t('rules.parts')}
        w="fit-content"
        maw="100%"
        // words are longer in other languages than a telephone is wide
        style={{ overflowX: 'auto' }}
      />
      {changed && part !== 'rules' && <Alert color="yellow">{t('rules.unsaved')}</Alert>}
      {part === 'rules' && (
        <Card withBorder padding={0}>
          <ol className="plain-list rows">
            {rules.map((rule, index) => (
              <RuleForm
                key={index}
                index={index}
                rule={rule}
                opened={opened === index}
                onToggle={() => setOpened(opened === index ? undefined : index)}
                onChange={(next) => edit(index, next)}
                onMove={(to) => {
                  setRules(moved(rules, index, to));
                  setOpened(opened === index ? to : opened);
                }}
                onRemove={() => {
                  setRules(rules.filter((_, at) => at !== index));
                  setOpened(undefined);
                }}
                last={index === rules.length - 1}
                readOnly={!isDraft}
                teams={teams}
                policies={policies}
                problems={problems.rules.get(index)}
                environment={environment.data}
              />
            ))}
          </ol>
          {isDraft && (
            <Group p="md">
              <Button
                variant="default"
                onClick={() => {
                  setRules([...rules, newRule(freeName(rules), teams[0]?.name ?? 'triage')]);
                  setOpened(rules.length);
                }}
              >
                {t('rules.add')}
              </Button>
              <Text size="sm" c="dimmed">
                {t('rules.default')}
              </Text>
            </Group>
          )}
        </Card>
      )}
      {part === 'try' && <DryRun id={ruleSet.id} />}
      {part === 'explain' && <Explain id={ruleSet.id} />}
      {part === 'history' && (
        <Card withBorder padding="md">
          <ol className="plain-list">
            {ruleSet.history.map(({ step, at, by, reason }) => (
              <li key={at + step}>
                <Text size="sm">{`${formatInstant(new Date(at), locale)} · ${t(`ruleStep.${step}`)} · ${by}`}</Text>
                {reason && (
                  <Text size="sm" c="dimmed">
                    {reason}
                  </Text>
                )}
              </li>
            ))}
          </ol>
        </Card>
      )}
      {ruleSet.state !== 'active' && !changed && <Activate ruleSet={ruleSet} />}
    </Stack>
  );
}

/** Makes it the one that decides; whoever asks later reads why. */
function Activate({ ruleSet }: { readonly ruleSet: RuleSet }) {
  const { t } = useText();
  const queries = useQueryClient();
  const [, go] = useLocation();
  const [reason, setReason] = useState('');
  const activate = useMutation({
    mutationFn: () =>
      api.post<RuleSet>('routing', `/v1/rule-sets/${ruleSet.id}/activate`, {
        ...{ body: { reason } },
        ...(ruleSet.edition !== undefined && { ifMatch: ruleSet.edition }),
      }),
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: ['rule-sets'] });
      await queries.invalidateQueries({ queryKey: ['rule-set'] });
      go(`/rules/${id}`);
    },
  });
  return (
    <Card withBorder padding="md" component="form" onSubmit={(event) => (event.preventDefault(), activate.mutate())}>
      <Stack gap="sm" maw={640}>
        <Title order={2} size="h3">
          {t('rules.activate')}
        </Title>
        <Textarea
          label={t('rules.reason')}
          description={t('rules.reasonHelp')}
          required
          autosize
          maxLength={2000}
          value={reason}
          onChange={({ currentTarget }) => setReason(currentTarget.value)}
        />
        {activate.error && <ProblemAlert error={activate.error} />}
        <Button type="submit" loading={activate.isPending} disabled={reason.trim() === ''} w="fit-content">
          {t('rules.activate')}
        </Button>
      </Stack>
    </Card>
  );
}
