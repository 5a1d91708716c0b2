import { Badge, Button, Card, Group, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../api/client.js';
import { useText } from '../i18n/text.js';
import { useLabels } from '../metrics/labels.js';
import { ProblemAlert } from '../shell/failure.js';
import { idIn } from '../tags/tags.js';
import { type Explained } from './rule-sets.js';

/** Why one feedback goes where it goes by these rules, rule by rule. */
export function Explain({ id }: { readonly id: string }) {
  const { t } = useText();
  const labels = useLabels();
  const [text, setText] = useState('');
  const [said, setSaid] = useState('');
  const explain = useMutation({
    mutationFn: (body: object) => api.post<Explained>('rehearsal', `/v1/rule-sets/${id}/explain`, { body }),
  });
  const feedbackId = idIn(text);
  const { data } = explain;
  return (
    <Stack gap="md">
      <Card
        withBorder
        padding="md"
        component="form"
        onSubmit={(event) => {
          event.preventDefault();
          explain.mutate(feedbackId === undefined ? { feedback: { text: said } } : { feedbackId });
        }}
      >
        <Stack gap="sm">
          <TextInput
            label={t('explain.feedback')}
            description={t('explain.feedbackHelp')}
            value={text}
            onChange={({ currentTarget }) => setText(currentTarget.value)}
            error={text !== '' && feedbackId === undefined && t('tags.findWrong')}
          />
          <TextInput
            label={t('explain.text')}
            description={t('explain.textHelp')}
            value={said}
            disabled={text !== ''}
            onChange={({ currentTarget }) => setSaid(currentTarget.value)}
          />
          <Button
            type="submit"
            loading={explain.isPending}
            disabled={feedbackId === undefined && said === ''}
            w="fit-content"
          >
            {t('explain.run')}
          </Button>
        </Stack>
      </Card>
      {explain.error && <ProblemAlert error={explain.error} />}
      {data && (
        <Card withBorder padding="md">
          <Group gap="xs" role="status">
            <Text fw={600}>
              {t('explain.goes', { team: labels.value('team', data.route.team), rule: data.route.rule })}
            </Text>
            <Badge variant="outline" color="gray">
              {labels.value('priority', data.route.priority)}
            </Badge>
            <Badge variant="outline" color="gray">
              {data.route.slaPolicy}
            </Badge>
            <Badge variant="outline" color="gray">
              {t(`loopWish.${data.route.loop}`)}
            </Badge>
          </Group>
          {!data.tagged && (
            <Text size="sm" c="dimmed">
              {t('explain.untagged')}
            </Text>
          )}
          <ol className="plain-list">
            {data.rules.map(({ name, team, matched, wins, because, failed }) => (
              <li key={name} className="row">
                <Group gap="xs">
                  <Text size="sm" fw={wins ? 700 : 500}>
                    {name}
                  </Text>
                  <Badge color={wins ? 'teal' : matched ? 'blue' : failed ? 'red' : 'gray'} variant="light">
                    {failed
                      ? t('explain.failed')
                      : wins
                        ? t('explain.wins', { team: labels.value('team', team) })
                        : matched
                          ? t('explain.late')
                          : t('explain.false')}
                  </Badge>
                </Group>
                {because?.map(({ part, saw }) => (
                  <Text size="xs" c="dimmed" key={part} className="wrap">
                    <code>{part}</code>
                    {saw.length > 0 &&
                      ` – ${saw
                        .map(
                          ({ field, value, absent }) =>
                            `${field} ${absent ? t('explain.absent') : `= ${JSON.stringify(value)}`}`,
                        )
                        .join(', ')}`}
                  </Text>
                ))}
              </li>
            ))}
          </ol>
        </Card>
      )}
    </Stack>
  );
}
