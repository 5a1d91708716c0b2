import '../pages.css';
import { Button, Card, Group, NativeSelect, Stack, Text, Textarea, TextInput, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api/client.js';
import { fieldErrors } from '../api/field-errors.js';
import { PageLink } from '../navigation/page-link.js';
import { Busy } from '../shell/busy.js';
import { ProblemAlert } from '../shell/failure.js';
import { useText } from '../i18n/text.js';
import { formatNumber, formatInstant } from '../i18n/format.js';
import { formatDue } from './improvements.js';
import { useLocation, useParams } from 'wouter';
import { useSearch } from '../navigation/search.js';
import { idsIn } from '../insights/insights.js';
import { AttachedLoops } from './attached-loops.js';
import { EffectView } from './effect-view.js';
import { ImprovementList, ImprovementState, ToldView } from './improvement-list.js';
import { improvementStates, isOpen, type Improvement, type ImprovementMetric } from './improvements.js';
import { MetricChoice } from './metric-choice.js';

/** What is done about what customers say, and whether it helped. */
export default function ImprovementsPage() {
  const { t } = useText();
  const { improvementId } = useParams<{ improvementId?: string }>();
  return (
    <Stack gap="md" p="md">
      <Title order={1}>{t('improvements.title')}</Title>
      {improvementId === undefined ? <Improvements /> : <ImprovementDetail improvementId={improvementId} />}
    </Stack>
  );
}

function Improvements() {
  const { t } = useText();
  const [search, setSearch] = useSearch();
  const [making, setMaking] = useState(false);
  const set = (name: string, value: string) => {
    const next = new URLSearchParams(search);
    if (value === '') next.delete(name);
    else next.set(name, value);
    setSearch(next);
  };
  const query = new URLSearchParams();
  for (const name of ['state', 'owner']) {
    const value = search.get(name);
    if (value) query.set(name, value);
  }
  return (
    <>
      <Group gap="xs" align="end">
        <NativeSelect
          label={t('insights.state')}
          value={search.get('state') ?? ''}
          onChange={({ currentTarget }) => set('state', currentTarget.value)}
          data={[
            { value: '', label: t('word.all') },
            ...improvementStates.map((value) => ({ value, label: t(`improvementState.${value}`) })),
          ]}
        />
        <TextInput
          label={t('improvement.owner')}
          defaultValue={search.get('owner') ?? ''}
          onBlur={({ currentTarget }) => set('owner', currentTarget.value.trim())}
        />
        <Button onClick={() => setMaking(!making)} aria-expanded={making}>
          {t('improvement.new')}
        </Button>
      </Group>
      {making && <ImprovementForm onDone={() => setMaking(false)} />}
      <ImprovementList query={query.toString()} />
    </>
  );
}

const inputOf =
  (
    form: Readonly<Record<string, string>>,
    setForm: (change: (before: Readonly<Record<string, string>>) => Record<string, string>) => void,
  ) =>
  (name: string) => ({
    value: form[name] ?? '',
    onChange: ({ currentTarget: { value } }: { currentTarget: { value: string } }) =>
      setForm((before) => ({ ...before, [name]: value })),
  });

/** A new one, or one that is changed. */
function ImprovementForm({ onDone, changed }: { readonly onDone: () => void; readonly changed?: Improvement }) {
  const { t } = useText();
  const queries = useQueryClient();
  const [, go] = useLocation();
  const [form, setForm] = useState<Record<string, string>>({
    ...{
      title: changed?.title ?? '',
      action: changed?.action ?? '',
      owner: changed?.owner ?? '',
      due: changed?.due?.slice(0, 10) ?? '',
    },
  });
  const [metric, setMetric] = useState<ImprovementMetric>(changed?.metric ?? { name: 'negative-share', filters: {} });
  const set = inputOf(form, setForm);
  const send = useMutation({
    mutationFn: () =>
      changed
        ? api.patch<Improvement>('insights', `/v1/improvements/${changed.improvementId}`, {
            body: { ...form, metric },
            ifMatch: changed.version,
          })
        : api.post<Improvement>('insights', '/v1/improvements', { body: { ...form, metric } }),
    onSuccess: async ({ improvementId }) => {
      await queries.invalidateQueries({ queryKey: ['improvements'] });
      await queries.invalidateQueries({ queryKey: ['improvement'] });
      onDone();
      if (!changed) go(`/improvements/${improvementId}`);
    },
  });
  const wrong = fieldErrors(send.error);
  return (
    <Card withBorder component="form" onSubmit={(event) => (event.preventDefault(), send.mutate())}>
      <Stack gap="sm" maw={720}>
        <TextInput label={t('improvement.title')} required {...set('title')} error={wrong['/title']} />
        <Textarea
          label={t('improvement.action')}
          required
          autosize
          minRows={2}
          {...set('action')}
          error={wrong['/action']}
        />
        <Group grow align="start">
          <TextInput label={t('improvement.owner')} required {...set('owner')} error={wrong['/owner']} />
          <TextInput type="date" label={t('improvement.due')} required {...set('due')} error={wrong['/due']} />
        </Group>
        <MetricChoice value={metric} onChange={setMetric} error={wrong['/metric'] ?? wrong['/metric/name']} />
        {send.error && <ProblemAlert error={send.error} />}
        <Group gap="xs">
          <Button type="submit" loading={send.isPending}>
            {t('word.save')}
          </Button>
          <Button variant="default" onClick={onDone}>
            {t('word.cancel')}
          </Button>
        </Group>
      </Stack>
    </Card>
  );
}

function ImprovementDetail({ improvementId }: { readonly improvementId: string }) {
  const { t, locale } = useText();
  const queries = useQueryClient();
  const [doing, setDoing] = useState<'change' | 'loops' | 'done'>();
  const found = useQuery({
    queryKey: ['improvement', improvementId],
    queryFn: ({ signal }) => api.get<Improvement>('insights', `/v1/improvements/${improvementId}`, { signal }),
    // customers are told one after the other
    refetchInterval: ({ state }) => ((state.data?.told?.pending ?? 0) > 0 ? 5_000 : false),
  });
  const step = useMutation({
    mutationFn: (state: 'doing' | 'dropped') =>
      api.patch('insights', `/v1/improvements/${improvementId}`, {
        body: { state },
        ifMatch: found.data?.version ?? 1,
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['improvement', improvementId] });
      await queries.invalidateQueries({ queryKey: ['improvements'] });
    },
  });
  if (found.isPending) return <Busy />;
  if (found.error) return <ProblemAlert error={found.error} />;
  const improvement = found.data;
  const close = () => setDoing(undefined);
  return (
    <Stack gap="md">
      <PageLink href="/improvements">{t('improvements.back')}</PageLink>
      <Card withBorder padding="md">
        <Stack gap="sm">
          <Group justify="space-between" align="start" wrap="nowrap">
            <Title order={2}>{improvement.title}</Title>
            <ImprovementState state={improvement.state} />
          </Group>
          <Text className="wrap">{improvement.action}</Text>
          <Text size="sm" c="dimmed">
            {[
              improvement.owner,
              improvement.due && t('improvement.dueOn', { day: formatDue(improvement.due, locale) }),
              improvement.loops !== undefined &&
                t('improvement.loops', { count: improvement.loops, shown: formatNumber(improvement.loops, locale) }),
              improvement.endedAt &&
                t('improvement.endedOn', { at: formatInstant(new Date(improvement.endedAt), locale) }),
            ]
              .filter(Boolean)
              .join(' · ')}
          </Text>
          {improvement.insightIds?.map((insightId) => (
            <PageLink key={insightId} href={`/insights/${insightId}`}>
              {t('improvement.insight')}
            </PageLink>
          ))}
          {isOpen(improvement.state) && (
            <Group gap="xs" className="no-print">
              {improvement.state === 'planned' && (
                <Button variant="default" loading={step.isPending} onClick={() => step.mutate('doing')}>
                  {t('improvementDo.start')}
                </Button>
              )}
              {(['change', 'loops', 'done'] as const).map((name) => (
                <Button
                  key={name}
                  variant={doing === name ? 'filled' : 'default'}
                  aria-expanded={doing === name}
                  onClick={() => setDoing(doing === name ? undefined : name)}
                >
                  {t(`improvementDo.${name}`)}
                </Button>
              ))}
              <Button variant="subtle" color="red" loading={step.isPending} onClick={() => step.mutate('dropped')}>
                {t('improvementDo.drop')}
              </Button>
            </Group>
          )}
          {step.error && <ProblemAlert error={step.error} />}
          {doing === 'change' && <ImprovementForm changed={improvement} onDone={close} />}
          {doing === 'loops' && <AttachLoops improvement={improvement} onDone={close} />}
          {doing === 'done' && <Finish improvement={improvement} onDone={close} />}
        </Stack>
      </Card>
      <Card withBorder padding="md">
        <Title order={2} size="h3" mb="xs">
          {t('improvement.effect')}
        </Title>
        <EffectView metric={improvement.metric} effect={improvement.effect} />
      </Card>
      {(improvement.loops ?? 0) > 0 && <AttachedLoops improvement={improvement} />}
      {improvement.told && (
        <Card withBorder padding="md">
          <Title order={2} size="h3" mb="xs">
            {t('improvement.customers')}
          </Title>
          <ToldView told={improvement.told} />
          {improvement.message && (
            <Text size="sm" c="dimmed" className="wrap" mt="xs">
              {improvement.message}
            </Text>
          )}
        </Card>
      )}
    </Stack>
  );
}

interface StepProps {
  readonly improvement: Improvement;
  readonly onDone: () => void;
}

function useStep({ improvement, onDone }: StepProps, step: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: object) =>
      api.post<Improvement>('insights', `/v1/improvements/${improvement.improvementId}/${step}`, {
        ...{ body, ifMatch: improvement.version },
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['improvement', improvement.improvementId] });
      await queries.invalidateQueries({ queryKey: ['improvements'] });
      onDone();
    },
  });
}

/** By hand, or all that fit a rule. */
function AttachLoops(props: StepProps) {
  const { t } = useText();
  const send = useStep(props, 'loops');
  const [form, setForm] = useState<Record<string, string>>({});
  const set = inputOf(form, setForm);
  const wrong = fieldErrors(send.error);
  const submit = () => {
    const { loopIds = '', ...rest } = form;
    const rule = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== ''));
    const ids = idsIn(loopIds);
    send.mutate({ ...(ids.length > 0 && { loopIds: ids }), ...(Object.keys(rule).length > 0 && { rule }) });
  };
  return (
    <form onSubmit={(event) => (event.preventDefault(), submit())}>
      <Stack gap="sm" maw={720}>
        <Text size="sm" c="dimmed">
          {t('improvement.loopsHelp')}
        </Text>
        <Textarea label={t('insight.loops')} autosize {...set('loopIds')} error={wrong['/loopIds']} />
        <Group gap="xs" align="start">
          <TextInput label={t('dimension.topic')} {...set('topic')} error={wrong['/rule/topic']} />
          <TextInput label={t('dimension.product')} {...set('product')} error={wrong['/rule/product']} />
          <TextInput label={t('dimension.location')} {...set('location')} error={wrong['/rule/location']} />
          <TextInput type="date" label={t('view.from')} {...set('from')} error={wrong['/rule/from']} />
          <TextInput type="date" label={t('improvement.until')} {...set('to')} error={wrong['/rule/to']} />
        </Group>
        {send.error && <ProblemAlert error={send.error} />}
        <Button type="submit" loading={send.isPending} w="fit-content">
          {t('improvementDo.loops')}
        </Button>
      </Stack>
    </form>
  );
}

/** Done: each customer in it is told once. */
function Finish(props: StepProps) {
  const { t } = useText();
  const send = useStep(props, 'done');
  const [message, setMessage] = useState('');
  return (
    <form onSubmit={(event) => (event.preventDefault(), send.mutate(message.trim() === '' ? {} : { message }))}>
      <Stack gap="sm" maw={720}>
        <Textarea
          label={t('improvement.message')}
          description={t('improvement.messageHelp')}
          required={(props.improvement.loops ?? 0) > 0}
          autosize
          minRows={3}
          value={message}
          onChange={({ currentTarget }) => setMessage(currentTarget.value)}
          error={fieldErrors(send.error)['/message']}
        />
        {send.error && <ProblemAlert error={send.error} />}
        <Button type="submit" loading={send.isPending} w="fit-content">
          {t('improvementDo.done')}
        </Button>
      </Stack>
    </form>
  );
}
