import {
  Alert,
  Badge,
  Button,
  Group,
  Modal,
  NativeSelect,
  Paper,
  Popover,
  ScrollArea,
  Stack,
  Text,
  TextInput,
} from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client.js';
import { type Suggestion, type Template, type WholeLoop } from '../api/loops.js';
import { useFormat } from '../i18n/use-format.js';
import { ProblemAlert } from '../shell/failure.js';
import classes from './inbox.module.css';

interface Properties {
  readonly loop: WholeLoop;
  readonly feedbackId: string;
  /** Puts a text into the answer; it is read and changed before it goes */
  readonly onUse: (text: string) => void;
}

/** The team's templates, and what it has answered to feedback like this. */
export function AnswerHelp({ loop, feedbackId, onUse }: Properties) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState<Template>();
  const templates = useQuery({
    queryKey: ['loop', 'templates', loop.team],
    queryFn: async ({ signal }) =>
      (await api.get<{ items: Template[] }>('loop', `/v1/teams/${loop.team}/templates`, { signal })).items,
    staleTime: 60_000,
  });
  return (
    <Group gap={6}>
      {templates.data && templates.data.length > 0 && (
        <NativeSelect
          size="xs"
          value=""
          aria-label={t('answer.template')}
          onChange={({ currentTarget }) =>
            setChosen(templates.data.find(({ templateId }) => templateId === currentTarget.value))
          }
          data={[
            { value: '', label: t('answer.template') },
            ...templates.data.map(({ templateId, name }) => ({ value: templateId, label: name })),
          ]}
        />
      )}
      <Suggestions {...{ loop, feedbackId, onUse }} />
      {chosen && (
        <TemplateDialog
          template={chosen}
          {...{ loop, feedbackId }}
          onClose={() => setChosen(undefined)}
          onUse={(text) => {
            setChosen(undefined);
            onUse(text);
          }}
        />
      )}
    </Group>
  );
}

function Suggestions({ loop, feedbackId, onUse }: Properties) {
  const { t } = useTranslation();
  const format = useFormat();
  const [opened, setOpened] = useState(false);
  const { data, error } = useQuery({
    queryKey: ['loop', 'suggestions', loop.loopId, feedbackId],
    queryFn: ({ signal }) =>
      api.get<{ suggestions: Suggestion[]; message?: string }>('loop', `/v1/loops/${loop.loopId}/suggestions`, {
        query: { feedbackId },
        signal,
      }),
    enabled: opened,
  });
  return (
    <Popover {...{ opened }} onChange={setOpened} width={420} position="bottom-end" shadow="md" trapFocus>
      <Popover.Target>
        <Button size="xs" variant="default" onClick={() => setOpened(!opened)} aria-expanded={opened}>
          {t('answer.suggestions')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <ScrollArea.Autosize mah={360}>
          <Stack gap="xs">
            {error && <ProblemAlert error={error} />}
            {data?.suggestions.length === 0 && <Text size="sm">{t('answer.noSuggestions')}</Text>}
            {data?.suggestions.map(({ loopId, similarity, text, verified, excerpt, at }) => (
              <Paper key={`${loopId} ${at}`} withBorder p="sm">
                <Group gap={6} mb={4}>
                  <Text size="xs" c="dimmed">
                    {t('answer.similar', { share: format.share(similarity) })} · {format.day(at)}
                  </Text>
                  {verified && (
                    <Badge size="xs" variant="light" color="green" tt="none">
                      {t('loop.state.verified')}
                    </Badge>
                  )}
                </Group>
                <Text size="xs" c="dimmed" lineClamp={1}>
                  {excerpt}
                </Text>
                <Text size="sm" lineClamp={5} className={classes.words}>
                  {text}
                </Text>
                <Button
                  size="compact-xs"
                  variant="light"
                  mt={6}
                  onClick={() => {
                    setOpened(false);
                    onUse(text);
                  }}
                >
                  {t('answer.use')}
                </Button>
              </Paper>
            ))}
          </Stack>
        </ScrollArea.Autosize>
      </Popover.Dropdown>
    </Popover>
  );
}

interface DialogProperties extends Properties {
  readonly template: Template;
  readonly onClose: () => void;
}

/** Asks for what a template needs, and fills it in the customer's language. */
function TemplateDialog({ template, loop, feedbackId, onUse, onClose }: DialogProperties) {
  const { t } = useTranslation();
  const [values, setValues] = useState<Record<string, string>>({});
  const render = useMutation({
    mutationFn: () =>
      api.post<{ text: string; language: string; isFallback: boolean }>(
        'loop',
        `/v1/teams/${loop.team}/templates/${template.templateId}/render`,
        {
          body: {
            ...{ loopId: loop.loopId, feedbackId },
            variables: Object.fromEntries(
              Object.entries(values).flatMap(([name, value]) => {
                if (value === '') return [];
                const type = template.variables.find((variable) => variable.name === name)?.type;
                return [[name, type === 'number' ? Number(value) : value]];
              }),
            ),
          },
        },
      ),
    onSuccess: ({ text }) => onUse(text),
  });
  const set = (name: string) => (event: { currentTarget: { value: string } }) => {
    const { value } = event.currentTarget;
    setValues((before) => ({ ...before, [name]: value }));
  };
  return (
    <Modal opened onClose={onClose} title={template.name} closeButtonProps={{ 'aria-label': t('shell.close') }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          render.mutate();
        }}
      >
        <Stack gap="sm">
          {template.variables.length === 0 && <Text size="sm">{t('answer.noVariables')}</Text>}
          {template.variables.map(({ name, type, required, values: choices }) =>
            type === 'choice' ? (
              <NativeSelect
                key={name}
                label={name}
                required={required}
                value={values[name] ?? ''}
                onChange={set(name)}
                data={['', ...(choices ?? [])]}
              />
            ) : (
              <TextInput
                key={name}
                label={name}
                type={type === 'date' ? 'date' : type === 'url' ? 'url' : 'text'}
                inputMode={type === 'number' ? 'decimal' : undefined}
                description={type === 'money' ? '12.50 EUR' : undefined}
                value={values[name] ?? ''}
                onChange={set(name)}
              />
            ),
          )}
          {render.error && <ProblemAlert error={render.error} />}
          {render.data?.isFallback && <Alert variant="light">{t('answer.fallback')}</Alert>}
          <Group justify="flex-end">
            <Button type="submit" loading={render.isPending}>
              {t('answer.use')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
