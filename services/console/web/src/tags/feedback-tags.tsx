import {
  ActionIcon,
  Badge,
  Button,
  Card,
  Checkbox,
  Group,
  MultiSelect,
  NativeSelect,
  Stack,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { api } from '../api/client.js';
import { stretchesOf } from '../inbox/highlight.js';
import { Busy } from '../shell/busy.js';
import { ProblemAlert } from '../shell/failure.js';
import { useText } from '../i18n/text.js';
import { formatInstant } from '../i18n/format.js';
import { formatValue } from '../metrics/format.js';
import { useLabels } from '../metrics/labels.js';
import {
  correctionOf,
  emotionNames,
  formOf,
  intentNames,
  sentimentLabels,
  urgencyLevels,
  type Correction,
  type Evidence,
  type TagForm,
  type WholeTags,
} from './tags.js';

interface Words {
  readonly revisions: readonly {
    readonly revision: number;
    readonly feedback?: {
      readonly title?: string;
      readonly text?: string;
      readonly channel: string;
      readonly rating?: { readonly value: number; readonly scale: number };
    };
  }[];
}

/** The tags of one feedback with what showed them, and a form to say what is right. */
export function FeedbackTags({ feedbackId }: { readonly feedbackId: string }) {
  const { t, locale } = useText();
  const labels = useLabels();
  const tagged = useQuery({
    queryKey: ['tags', feedbackId],
    queryFn: ({ signal }) => api.get<WholeTags>('learning', `/v1/feedback/${feedbackId}/tags`, { signal }),
  });
  const words = useQuery({
    queryKey: ['feedback', feedbackId],
    queryFn: ({ signal }) => api.get<Words>('ingestion', `/v1/feedback/${feedbackId}`, { signal }),
  });
  if (tagged.isPending) return <Busy />;
  if (tagged.error) return <ProblemAlert error={tagged.error} />;
  const { tags, corrections, revision } = tagged.data;
  const said = words.data?.revisions.find((one) => one.revision === revision)?.feedback;
  const percent = (confidence: number) => formatValue('share', confidence, locale);
  const sure = (confidence: number) => (
    <Text size="xs" c="dimmed" component="span">
      {t('tags.sure', { share: percent(confidence) })}
    </Text>
  );
  const facts: readonly (readonly [string, ReactNode])[] = [
    [
      t('tags.sentiment'),
      tags.sentiment ? (
        <>
          {labels.value('sentiment', tags.sentiment.label)} {sure(tags.sentiment.confidence)}
        </>
      ) : (
        t('tags.abstains')
      ),
    ],
    [
      t('tags.topics'),
      tags.topics?.length
        ? tags.topics.map(({ name, confidence, sentiment }) => (
            <span key={name} className="tag-line">
              <Badge variant="light">{name}</Badge> {sentiment && labels.value('sentiment', sentiment.label)}{' '}
              {sure(confidence)}
            </span>
          ))
        : '–',
    ],
    [
      t('tags.intent'),
      tags.intent ? (
        <>
          {labels.value('intent', tags.intent.name)} {sure(tags.intent.confidence)}
        </>
      ) : (
        '–'
      ),
    ],
    [
      t('tags.urgency'),
      tags.urgency ? (
        <>
          {labels.value('urgency', tags.urgency.level)} {sure(tags.urgency.confidence)}{' '}
          <Text size="xs" c="dimmed" component="span">
            {tags.urgency.reasons.join(', ')}
          </Text>
        </>
      ) : (
        '–'
      ),
    ],
    [
      t('tags.emotions'),
      tags.emotions?.length
        ? tags.emotions.map(({ name, confidence }) => (
            <span key={name} className="tag-line">
              {t(`emotion.${name}`)} {sure(confidence)}
            </span>
          ))
        : '–',
    ],
    [
      t('tags.language'),
      <>
        {labels.value('language', tags.language.tag)} {sure(tags.language.confidence)}
      </>,
    ],
    [t('tags.mismatch'), tags.ratingMismatch && t('tags.mismatchYes')],
    [t('tags.spam'), tags.spamOrEmpty && t('word.yes')],
    [t('tags.by'), tags.taggedBy === 'human' ? t('tags.human') : tags.model],
  ];
  return (
    <Stack gap="md">
      <Card withBorder padding="md">
        <Title order={2} size="h3" mb="xs">
          {t('tags.words')}
        </Title>
        {words.isPending && <Busy />}
        {words.error && <ProblemAlert error={words.error} />}
        {words.data && !said && <Text c="dimmed">{t('feedback.erased')}</Text>}
        {said?.title && <Marked text={said.title} field="title" evidence={tags.evidence} strong />}
        {said?.text && <Marked text={said.text} field="text" evidence={tags.evidence} />}
        {said && (
          <Group gap={6} mt="xs">
            <Badge variant="light" color="gray">
              {labels.value('channel', said.channel)}
            </Badge>
            {said.rating && (
              <Badge variant="outline" color="gray">{`${said.rating.value} / ${said.rating.scale}`}</Badge>
            )}
          </Group>
        )}
        {tags.evidence && tags.evidence.length > 0 && (
          <Text size="xs" c="dimmed" mt="xs">
            {t('tags.evidence')}
          </Text>
        )}
      </Card>
      <Card withBorder padding="md">
        <Title order={2} size="h3" mb="xs">
          {t('tags.stand')}
        </Title>
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
      </Card>
      <CorrectionForm key={`${tagged.data.revision}.${tagged.data.tagRevision}`} tagged={tagged.data} />
      {corrections.length > 0 && (
        <Card withBorder padding="md">
          <Title order={2} size="h3">
            {t('tags.corrections')}
          </Title>
          <ol className="plain-list">
            {corrections.map(({ by, at, said: correction, revision: of, tagRevision }) => (
              <li key={`${of}.${tagRevision}`}>
                <Text size="sm">
                  {formatInstant(new Date(at), locale)} · {by}
                </Text>
                <Text size="sm" c="dimmed">
                  <Said correction={correction} />
                </Text>
              </li>
            ))}
          </ol>
        </Card>
      )}
    </Stack>
  );
}

function Said({ correction }: { readonly correction: Correction }) {
  const { t } = useText();
  const labels = useLabels();
  const { language, sentiment, emotions, topics, intent, urgency, spamOrEmpty } = correction;
  const parts = [
    language !== undefined && `${t('tags.language')}: ${labels.value('language', language)}`,
    sentiment !== undefined && `${t('tags.sentiment')}: ${labels.value('sentiment', sentiment)}`,
    emotions && `${t('tags.emotions')}: ${emotions.map((name) => t(`emotion.${name}`)).join(', ') || '–'}`,
    topics && `${t('tags.topics')}: ${topics.map(({ name }) => name).join(', ') || '–'}`,
    intent !== undefined && `${t('tags.intent')}: ${intent === null ? '–' : labels.value('intent', intent)}`,
    urgency !== undefined && `${t('tags.urgency')}: ${labels.value('urgency', urgency)}`,
    spamOrEmpty !== undefined && `${t('tags.spam')}: ${t(spamOrEmpty ? 'word.yes' : 'word.no')}`,
  ];
  return <>{parts.filter(Boolean).join(' · ')}</>;
}

interface MarkedProps {
  readonly text: string;
  readonly field: 'text' | 'title';
  readonly evidence: readonly Evidence[] | undefined;
  readonly strong?: boolean;
}

/** A text with the words that weighed; which way is said by a sign, not by colour alone. */
function Marked({ text, field, evidence, strong = false }: MarkedProps) {
  const { t } = useText();
  return (
    <Text className="wrap" fw={strong ? 600 : 400}>
      {stretchesOf(
        text,
        (evidence ?? []).filter((one) => one.field === field),
      ).map(({ text: part, weight }, index) =>
        weight === 0 ? (
          <span key={index}>{part}</span>
        ) : (
          <mark
            key={index}
            className={weight < 0 ? 'weighs-bad' : 'weighs-good'}
            title={t(weight < 0 ? 'tags.bad' : 'tags.good')}
          >
            {part}
          </mark>
        ),
      )}
    </Text>
  );
}

function CorrectionForm({ tagged }: { readonly tagged: WholeTags }) {
  const { t } = useText();
  const labels = useLabels();
  const queries = useQueryClient();
  const { feedbackId, revision, tagRevision, tags } = tagged;
  const [form, setForm] = useState<TagForm>(() => formOf(tags));
  const [confirmed, setConfirmed] = useState<ReadonlySet<keyof TagForm>>(new Set());
  const [topic, setTopic] = useState('');
  const correction = correctionOf(form, tags, confirmed);
  const change = (part: Partial<TagForm>) => setForm((before) => ({ ...before, ...part }));
  const send = useMutation({
    mutationFn: () =>
      api.post('learning', `/v1/feedback/${feedbackId}/tags`, {
        body: correction,
        ifMatch: `${revision}.${tagRevision}`,
      }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['tags', feedbackId] }),
  });
  const confirm = (part: keyof TagForm) => (
    <Checkbox
      className="beside"
      size="xs"
      label={t('tags.right')}
      aria-label={t('tags.rightWhat', { what: t(`tags.${part === 'spamOrEmpty' ? 'spam' : part}`) })}
      checked={confirmed.has(part)}
      onChange={({ currentTarget: { checked } }) =>
        setConfirmed((before) =>
          checked ? new Set([...before, part]) : new Set([...before].filter((one) => one !== part)),
        )
      }
    />
  );
  const choices = (of: string, values: readonly string[], none: boolean) => [
    ...(none ? [{ value: '', label: '–' }] : []),
    ...values.map((value) => ({ value, label: labels.value(of, value) })),
  ];
  const addTopic = () => {
    const name = topic.trim().toLowerCase();
    if (name !== '' && !form.topics.some((one) => one.name === name))
      change({ topics: [...form.topics, { name, sentiment: '' }] });
    setTopic('');
  };
  return (
    <Card
      withBorder
      padding="md"
      component="form"
      className="no-print"
      onSubmit={(event) => (event.preventDefault(), send.mutate())}
    >
      <Stack gap="sm" maw={720}>
        <Title order={2} size="h3">
          {t('tags.correct')}
        </Title>
        <Text size="sm" c="dimmed">
          {t('tags.correctHelp')}
        </Text>
        <Group align="end" gap="sm">
          <NativeSelect
            label={t('tags.sentiment')}
            value={form.sentiment}
            onChange={({ currentTarget }) => change({ sentiment: currentTarget.value })}
            data={choices('sentiment', sentimentLabels, form.sentiment === '')}
          />
          {confirm('sentiment')}
        </Group>
        <Group align="end" gap="sm">
          <NativeSelect
            label={t('tags.intent')}
            value={form.intent}
            onChange={({ currentTarget }) => change({ intent: currentTarget.value })}
            data={choices('intent', intentNames, true)}
          />
          {confirm('intent')}
        </Group>
        <Group align="end" gap="sm">
          <NativeSelect
            label={t('tags.urgency')}
            value={form.urgency}
            onChange={({ currentTarget }) => change({ urgency: currentTarget.value })}
            data={choices('urgency', urgencyLevels, form.urgency === '')}
          />
          {confirm('urgency')}
        </Group>
        <fieldset className="plain-fieldset">
          <legend>{t('tags.topics')}</legend>
          <Stack gap={6}>
            {form.topics.map(({ name, sentiment }) => (
              <Group key={name} gap="xs">
                <Badge variant="light">{name}</Badge>
                <NativeSelect
                  size="xs"
                  aria-label={t('tags.topicSentiment', { topic: name })}
                  value={sentiment}
                  onChange={({ currentTarget: { value } }) =>
                    change({ topics: form.topics.map((one) => (one.name === name ? { name, sentiment: value } : one)) })
                  }
                  data={choices('sentiment', sentimentLabels, true)}
                />
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  aria-label={t('tags.topicRemove', { topic: name })}
                  onClick={() => change({ topics: form.topics.filter((one) => one.name !== name) })}
                >
                  ×
                </ActionIcon>
              </Group>
            ))}
            <Group gap="xs" align="end">
              <TextInput
                label={t('tags.topicAdd')}
                placeholder={t('tags.topicExample')}
                value={topic}
                onChange={({ currentTarget }) => setTopic(currentTarget.value)}
                onKeyDown={(event) => {
                  if (event.key !== 'Enter') return;
                  event.preventDefault();
                  addTopic();
                }}
              />
              <Button variant="default" onClick={addTopic}>
                {t('word.add')}
              </Button>
              {confirm('topics')}
            </Group>
          </Stack>
        </fieldset>
        <Group align="end" gap="sm">
          <MultiSelect
            className="grow"
            label={t('tags.emotions')}
            value={[...form.emotions]}
            onChange={(emotions) => change({ emotions })}
            data={emotionNames.map((value) => ({ value, label: t(`emotion.${value}`) }))}
          />
          {confirm('emotions')}
        </Group>
        <Group align="end" gap="sm">
          <TextInput
            label={t('tags.language')}
            value={form.language}
            onChange={({ currentTarget }) => change({ language: currentTarget.value.trim() })}
          />
          {confirm('language')}
        </Group>
        <Checkbox
          label={t('tags.spamIs')}
          checked={form.spamOrEmpty}
          onChange={({ currentTarget }) => change({ spamOrEmpty: currentTarget.checked })}
        />
        {send.error && <ProblemAlert error={send.error} />}
        <Button type="submit" loading={send.isPending} disabled={Object.keys(correction).length === 0} w="fit-content">
          {t('tags.send')}
        </Button>
      </Stack>
    </Card>
  );
}
