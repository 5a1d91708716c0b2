import '../pages.css';
import { Button, Card, Group, Stack, Text, TextInput, Title } from '@mantine/core';
import { useState } from 'react';
import { useLocation, useParams } from 'wouter';
import { useText } from '../i18n/text.js';
import { FeedbackItem } from '../metrics/drill.js';
import { useFeedbackBehind, useLatestPeriod } from '../metrics/use-metric.js';
import { hasRole, useSession } from '../api/session.js';
import { PageLink } from '../navigation/page-link.js';
import { Busy } from '../shell/busy.js';
import { ProblemAlert } from '../shell/failure.js';
import { AccuracyByWeek } from './accuracy.js';
import { FeedbackTags } from './feedback-tags.js';
import { Models } from './models.js';
import { idIn } from './tags.js';

/** What feedback was tagged with, what is right, and how often the tagger was. */
export default function TagsPage() {
  const { t } = useText();
  const { feedbackId } = useParams<{ feedbackId?: string }>();
  const session = useSession();
  return (
    <Stack gap="md" p="md">
      <Title order={1}>{t('tags.title')}</Title>
      {feedbackId === undefined ? (
        <>
          <Find />
          {hasRole(session, ['manager', 'admin']) && <AccuracyByWeek />}
          {hasRole(session, ['manager', 'admin']) && <Models />}
          <Latest />
        </>
      ) : (
        <>
          <PageLink href="/tags">{t('tags.back')}</PageLink>
          <FeedbackTags key={feedbackId} feedbackId={feedbackId} />
        </>
      )}
    </Stack>
  );
}

function Find() {
  const { t } = useText();
  const [, go] = useLocation();
  const [text, setText] = useState('');
  const [wrong, setWrong] = useState(false);
  return (
    <Card withBorder padding="md">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const id = idIn(text);
          setWrong(id === undefined);
          if (id !== undefined) go(`/tags/${id}`);
        }}
      >
        <Group align="end" gap="xs">
          <TextInput
            className="grow"
            label={t('tags.find')}
            description={t('tags.findHelp')}
            value={text}
            onChange={({ currentTarget }) => setText(currentTarget.value)}
            error={wrong && t('tags.findWrong')}
          />
          <Button type="submit">{t('tags.findOpen')}</Button>
        </Group>
      </form>
    </Card>
  );
}

/** What was said last, to pick from. */
function Latest() {
  const { t } = useText();
  const today = new Date().toISOString().slice(0, 10);
  const { period } = useLatestPeriod(today, true);
  const found = useFeedbackBehind('volume', period && { period, filters: {} });
  const items = found.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Card withBorder padding="md" component="section">
      <Title order={2} size="h3">
        {t('tags.latest')}
      </Title>
      {found.error && <ProblemAlert error={found.error} />}
      {found.isLoading && <Busy />}
      {found.isSuccess && items.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('drill.none')}
        </Text>
      )}
      <ul className="plain-list">
        {items.map((item) => (
          <FeedbackItem key={item.feedbackId} item={item} />
        ))}
      </ul>
      {found.hasNextPage && (
        <Button variant="default" loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          {t('word.more')}
        </Button>
      )}
    </Card>
  );
}
