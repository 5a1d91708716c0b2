import { Button, Card, Group, NativeSelect, Stack, Text, Textarea, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { api } from '../api/client.js';
import { fieldErrors } from '../api/field-errors.js';
import { PageLink } from '../navigation/page-link.js';
import { Busy } from '../shell/busy.js';
import { ProblemAlert } from '../shell/failure.js';
import { useText } from '../i18n/text.js';
import { formatInstant } from '../i18n/format.js';
import { useTeams } from '../api/teams.js';
import { useLabels } from '../metrics/labels.js';
import { MetricChoice } from '../improvements/metric-choice.js';
import { type ImprovementMetric } from '../improvements/improvements.js';
import { aboutOf, answersTo, type Insight, type InsightAnswer } from './insights.js';
import { InsightState } from './insight-state.js';

/** One insight: its claim, its evidence, what became of it, and what can be done. */
export function InsightDetail({ insightId }: { readonly insightId: string }) {
  const { t, locale, has } = useText();
  const labels = useLabels();
  const found = useQuery({
    queryKey: ['insight', insightId],
    queryFn: ({ signal }) => api.get<Insight>('insights', `/v1/insights/${insightId}`, { signal }),
  });
  const [answer, setAnswer] = useState<InsightAnswer>();
  if (found.isPending) return <Busy />;
  if (found.error) return <ProblemAlert error={found.error} />;
  const insight = found.data;
  const facts: readonly (readonly [string, ReactNode])[] = [
    [t('insights.raisedBy'), insight.raisedBy.kind === 'system' ? t('insights.bySystem') : insight.raisedBy.id],
    [t('insight.raisedAt'), formatInstant(new Date(insight.raisedAt), locale)],
    [labels.dimension('team'), insight.team && labels.value('team', insight.team)],
    ...aboutOf(insight).map(([of, value]) => [labels.dimension(of), labels.value(of, value)] as const),
    [t('insight.reason'), insight.reason],
    [
      t('insight.mergedInto'),
      insight.into && <PageLink href={`/insights/${insight.into}`}>{t('insight.intoOpen')}</PageLink>,
    ],
    [
      t('insight.improvement'),
      insight.improvementId && (
        <PageLink href={`/improvements/${insight.improvementId}`}>{t('insight.improvementOpen')}</PageLink>
      ),
    ],
  ];
  return (
    <Stack gap="md">
      <PageLink href="/insights">{t('insights.back')}</PageLink>
      <Card withBorder padding="md">
        <Stack gap="sm">
          <Group justify="space-between" align="start" wrap="nowrap">
            <Title order={2}>{insight.title}</Title>
            <InsightState state={insight.state} />
          </Group>
          <Text className="wrap">{insight.claim}</Text>
          <dl className="facts">
            {facts
              .filter(([, value]) => Boolean(value))
              .map(([name, value]) => (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd>{value}</dd>
                </div>
              ))}
          </dl>
          <Group gap="xs" className="no-print">
            {answersTo(insight.state).map((name) => (
              <Button
                key={name}
                variant={answer === name ? 'light' : 'default'}
                color={name === 'decline' ? 'red' : undefined}
                onClick={() => setAnswer(answer === name ? undefined : name)}
                aria-expanded={answer === name}
              >
                {t(`insightDo.${name}`)}
              </Button>
            ))}
          </Group>
          {answer && <AnswerForm key={answer} answer={answer} insight={insight} onDone={() => setAnswer(undefined)} />}
        </Stack>
      </Card>
      <Card withBorder padding="md">
        <Title order={2} size="h3">
          {t('insight.evidence')}
        </Title>
        {(insight.loopIds?.length ?? 0) + (insight.feedbackIds?.length ?? 0) === 0 && (
          <Text size="sm" c="dimmed">
            {t('insight.noEvidence')}
          </Text>
        )}
        <ul className="plain-list">
          {insight.loopIds?.map((loopId, index) => (
            <li key={loopId}>
              <PageLink href={`/inbox/${loopId}`}>{t('insight.loop', { number: index + 1 })}</PageLink>
            </li>
          ))}
          {insight.feedbackIds?.map((feedbackId, index) => (
            <li key={feedbackId}>
              <PageLink href={`/tags/${feedbackId}`}>{t('insight.feedback', { number: index + 1 })}</PageLink>
            </li>
          ))}
        </ul>
      </Card>
      {insight.history && insight.history.length > 0 && (
        <Card withBorder padding="md">
          <Title order={2} size="h3">
            {t('word.history')}
          </Title>
          <ol className="plain-list">
            {insight.history.map((step) => (
              <li key={step.at + step.change}>
                <Text size="sm">
                  {formatInstant(new Date(step.at), locale)} ·{' '}
                  {has(`insightState.${step.change}`) ? t(`insightState.${step.change}`) : step.change}
                  {step.actor && ` · ${step.actor.id ?? t('insights.bySystem')}`}
                </Text>
                {(step.reason ?? step.note) && (
                  <Text size="sm" c="dimmed">
                    {step.reason ?? step.note}
                  </Text>
                )}
              </li>
            ))}
          </ol>
        </Card>
      )}
    </Stack>
  );
}

interface FormProps {
  readonly answer: InsightAnswer;
  readonly insight: Insight;
  readonly onDone: () => void;
}

function AnswerForm({ answer, insight, onDone }: FormProps) {
  const { t } = useText();
  const labels = useLabels();
  const teams = useTeams();
  const queries = useQueryClient();
  const [form, setForm] = useState<Record<string, string>>({ title: insight.title });
  const [metric, setMetric] = useState<ImprovementMetric>({
    name: 'negative-share',
    filters: Object.fromEntries(aboutOf(insight).map(([of, value]) => [of, [value]])),
  });
  const set = (name: string) => ({
    value: form[name] ?? '',
    onChange: ({ currentTarget: { value } }: { currentTarget: { value: string } }) =>
      setForm((before) => ({ ...before, [name]: value })),
  });
  const send = useMutation({
    mutationFn: () =>
      api.post<Insight>('insights', `/v1/insights/${insight.insightId}/${answer}`, {
        body: bodyOf(answer, form, metric),
        ifMatch: insight.version,
      }),
    onSuccess: async () => {
      await Promise.all([
        queries.invalidateQueries({ queryKey: ['insight', insight.insightId] }),
        queries.invalidateQueries({ queryKey: ['insights'] }),
        queries.invalidateQueries({ queryKey: ['improvements'] }),
      ]);
      onDone();
    },
  });
  const wrong = fieldErrors(send.error);
  return (
    <form onSubmit={(event) => (event.preventDefault(), send.mutate())}>
      <Stack gap="sm" maw={640}>
        {answer === 'accept' && <Textarea label={t('insight.note')} autosize {...set('note')} error={wrong['/note']} />}
        {answer === 'merge' && (
          <TextInput
            label={t('insight.into')}
            description={t('insight.intoHelp')}
            required
            {...set('into')}
            error={wrong['/into']}
          />
        )}
        {answer === 'assign' && (
          <NativeSelect
            label={labels.dimension('team')}
            required
            {...set('team')}
            data={[
              { value: '', label: '–' },
              ...teams.map(({ name, displayName }) => ({ value: name, label: displayName })),
            ]}
            error={wrong['/team']}
          />
        )}
        {answer === 'decline' && (
          <Textarea
            label={t('insight.reason')}
            description={t('insight.reasonHelp')}
            required
            autosize
            {...set('reason')}
            error={wrong['/reason']}
          />
        )}
        {answer === 'improve' && (
          <>
            <TextInput label={t('improvement.title')} required {...set('title')} error={wrong['/title']} />
            <Textarea label={t('improvement.action')} required autosize {...set('action')} error={wrong['/action']} />
            <Group grow align="start">
              <TextInput label={t('improvement.owner')} required {...set('owner')} error={wrong['/owner']} />
              <TextInput type="date" label={t('improvement.due')} required {...set('due')} error={wrong['/due']} />
            </Group>
            <MetricChoice value={metric} onChange={setMetric} error={wrong['/metric'] ?? wrong['/metric/name']} />
          </>
        )}
        {send.error && <ProblemAlert error={send.error} />}
        <Group gap="xs">
          <Button type="submit" loading={send.isPending}>
            {t(`insightSend.${answer}`)}
          </Button>
          <Button variant="default" onClick={onDone}>
            {t('word.cancel')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function bodyOf(answer: InsightAnswer, form: Readonly<Record<string, string>>, metric: ImprovementMetric): object {
  switch (answer) {
    case 'accept':
      return form['note'] ? { note: form['note'] } : {};
    case 'assign':
      return { team: form['team'] };
    case 'merge':
      return { into: form['into']?.trim() };
    case 'decline':
      return { reason: form['reason'] };
    case 'improve': {
      const { title, owner, due, action } = form;
      return { title, owner, due, action, metric };
    }
  }
}
