import { Anchor, Badge, Group, Paper, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { type LoopFeedback } from '../api/loops.js';
import { useFormat } from '../i18n/use-format.js';
import { RatingMark } from './badges.js';
import { stretchesOf } from './highlight.js';
import classes from './inbox.module.css';

const sentimentColors: Record<string, string> = {
  negative: 'red',
  positive: 'green',
  mixed: 'orange',
  neutral: 'gray',
};

/** What a customer said, with what weighed in the tags marked in it. */
export function FeedbackCard({ one }: { readonly one: LoopFeedback }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { feedback, tags } = one;
  if (!feedback) {
    return (
      <Paper withBorder p="md">
        <Text size="sm" c="dimmed">
          {t('loop.erased')}
        </Text>
      </Paper>
    );
  }
  const sentiment = tags?.sentiment;
  const evidence = (field: 'text' | 'title') => tags?.evidence?.filter((place) => place.field === field) ?? [];
  const facts = [
    ['source', one.source],
    ['product', feedback.product],
    ['location', feedback.location],
    ['touchpoint', feedback.touchpoint],
  ] as const;
  return (
    <Paper
      withBorder
      p="md"
      component="article"
      aria-label={t('loop.feedbackOf', { when: format.instant(feedback.occurredAt ?? feedback.receivedAt) })}
    >
      <Stack gap="xs">
        <Group gap={8}>
          {feedback.rating && <RatingMark rating={feedback.rating} />}
          {sentiment && (
            <Badge
              size="sm"
              radius="sm"
              variant="light"
              tt="none"
              color={sentimentColors[sentiment.label] ?? 'gray'}
              title={t('loop.confidence', { share: format.share(sentiment.confidence) })}
            >
              {t(`loop.sentiment.${sentiment.label as 'negative'}`)}
            </Badge>
          )}
          {tags?.topics?.slice(0, 5).map(({ name, confidence }) => (
            <Badge
              key={name}
              size="sm"
              radius="sm"
              variant="default"
              tt="none"
              title={t('loop.confidence', { share: format.share(confidence) })}
            >
              {name}
            </Badge>
          ))}
          {tags?.ratingMismatch && <Text size="xs">{t('loop.ratingMismatch')}</Text>}
          <Text size="xs" c="dimmed" ml="auto" title={format.instant(feedback.occurredAt ?? feedback.receivedAt)}>
            {format.ago(feedback.occurredAt ?? feedback.receivedAt)}
          </Text>
        </Group>
        {feedback.title !== undefined && (
          <Text fw={600} size="sm" lang={tags?.language.tag}>
            <Marked text={feedback.title} places={evidence('title')} />
          </Text>
        )}
        {feedback.text !== undefined && (
          <Text size="sm" className={classes.words} lang={tags?.language.tag}>
            <Marked text={feedback.text} places={evidence('text')} />
          </Text>
        )}
        <Group gap="md">
          {facts.map(
            ([name, value]) =>
              value !== undefined && (
                <Text key={name} size="xs" c="dimmed">
                  {t(`loop.fact.${name}`)}: {value}
                </Text>
              ),
          )}
          {tags && format.language(tags.language.tag) !== '' && (
            <Text size="xs" c="dimmed">
              {format.language(tags.language.tag)}
            </Text>
          )}
          {one.revision > 1 && (
            <Text size="xs" c="dimmed">
              {t('loop.revision', { revision: one.revision })}
            </Text>
          )}
          {feedback.url !== undefined && /^https?:\/\//.test(feedback.url) && (
            <Anchor href={feedback.url} size="xs" target="_blank" rel="noreferrer noopener">
              {t('loop.original')}
            </Anchor>
          )}
        </Group>
      </Stack>
    </Paper>
  );
}

function Marked({ text, places }: { readonly text: string; readonly places: Parameters<typeof stretchesOf>[1] }) {
  return stretchesOf(text, places).map((stretch, at) =>
    stretch.weight === 0 ? (
      stretch.text
    ) : (
      <mark key={at} className={stretch.weight < 0 ? classes.against : classes.for}>
        {stretch.text}
      </mark>
    ),
  );
}
