import { Button, Card, Group, NativeSelect, SimpleGrid, Stack, Textarea, TextInput, Title } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api/client.js';
import { fieldErrors } from '../api/field-errors.js';
import { ProblemAlert } from '../shell/failure.js';
import { useText } from '../i18n/text.js';
import { useLabels } from '../metrics/labels.js';
import { useSearch } from '../navigation/search.js';
import { idsIn, type Insight } from './insights.js';

const stages = ['awareness', 'consideration', 'purchase', 'onboarding', 'use', 'support', 'renewal'];
const about = ['topic', 'touchpoint', 'location', 'product'] as const;

/** A claim with its evidence, to those who can change it. The address may bring what it is about. */
export function RaiseInsight({ onClose }: { readonly onClose: () => void }) {
  const { t } = useText();
  const labels = useLabels();
  const queries = useQueryClient();
  const [search] = useSearch();
  const given = (name: string) => search.get(name) ?? '';
  const [form, setForm] = useState<Record<string, string>>({
    ...{ title: given('title'), claim: '', topic: given('topic'), touchpoint: given('touchpoint') },
    ...{ journeyStage: '', location: given('location'), product: given('product') },
    ...{ loopIds: given('loopIds'), feedbackIds: given('feedbackIds') },
  });
  const set = (name: string) => ({
    value: form[name] ?? '',
    onChange: ({ currentTarget: { value } }: { currentTarget: { value: string } }) =>
      setForm((before) => ({ ...before, [name]: value })),
  });
  const raise = useMutation({
    mutationFn: () => {
      const { title, claim, loopIds, feedbackIds, ...rest } = form;
      const said = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== ''));
      return api.post<Insight>('insights', '/v1/insights', {
        body: { title, claim, loopIds: idsIn(loopIds ?? ''), feedbackIds: idsIn(feedbackIds ?? ''), ...said },
      });
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['insights'] });
      onClose();
    },
  });
  const wrong = fieldErrors(raise.error);
  return (
    <Card withBorder padding="md" component="form" onSubmit={(event) => (event.preventDefault(), raise.mutate())}>
      <Stack gap="sm">
        <Title order={2} size="h3">
          {t('insights.raise')}
        </Title>
        <TextInput
          label={t('insight.title')}
          description={t('insight.titleHelp')}
          required
          maxLength={200}
          {...set('title')}
          error={wrong['/title']}
          data-autofocus
        />
        <Textarea
          label={t('insight.claim')}
          description={t('insight.claimHelp')}
          required
          autosize
          minRows={3}
          {...set('claim')}
          error={wrong['/claim']}
        />
        <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
          {about.map((name) => (
            <TextInput key={name} label={labels.dimension(name)} {...set(name)} error={wrong[`/${name}`]} />
          ))}
          <NativeSelect
            label={labels.dimension('journeyStage')}
            data={[
              { value: '', label: '–' },
              ...stages.map((value) => ({ value, label: labels.value('journeyStage', value) })),
            ]}
            {...set('journeyStage')}
            error={wrong['/journeyStage']}
          />
        </SimpleGrid>
        <Textarea
          label={t('insight.loops')}
          description={t('insight.loopsHelp')}
          autosize
          {...set('loopIds')}
          error={wrong['/loopIds']}
        />
        {raise.error && <ProblemAlert error={raise.error} />}
        <Group gap="xs">
          <Button type="submit" loading={raise.isPending}>
            {t('insights.raise')}
          </Button>
          <Button variant="default" onClick={onClose}>
            {t('word.cancel')}
          </Button>
        </Group>
      </Stack>
    </Card>
  );
}
