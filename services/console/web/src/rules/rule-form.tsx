import {
  ActionIcon,
  Badge,
  Checkbox,
  Code,
  Group,
  Input,
  NativeSelect,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
  UnstyledButton,
} from '@mantine/core';
import { api } from '../api/client.js';
import { useText } from '../i18n/text.js';
import { useLabels } from '../metrics/labels.js';
import { ConditionEditor } from './condition-editor.js';
import { type ConditionEnvironment } from './conditions.js';
import {
  conditionProblem,
  loopWishes,
  priorities,
  type ConditionProblem,
  type Rule,
  type RuleProblems,
} from './rule-sets.js';

interface Props {
  readonly index: number;
  readonly rule: Rule;
  readonly opened: boolean;
  readonly onToggle: () => void;
  readonly onChange: (rule: Rule) => void;
  readonly onMove: (to: number) => void;
  readonly onRemove: () => void;
  readonly last: boolean;
  readonly readOnly: boolean;
  readonly teams: readonly { readonly name: string; readonly displayName: string }[];
  readonly policies: readonly string[];
  readonly problems: RuleProblems | undefined;
  readonly environment: ConditionEnvironment | undefined;
}

/** Asks the service what it says of a condition. */
async function check(when: string): Promise<ConditionProblem | undefined> {
  const { problems } = await api.post<{ problems: readonly { message: string; line?: number; column?: number }[] }>(
    'routing',
    '/v1/conditions/check',
    { body: { when } },
  );
  const [problem] = problems;
  return problem && conditionProblem(problem.message, { ...problem });
}

/** One rule: a line that opens to a form. */
export function RuleForm(props: Props) {
  const { index, rule, opened, onToggle, onChange, onMove, onRemove, last, readOnly, problems } = props;
  const { t } = useText();
  const labels = useLabels();
  const wrong = problems && Object.keys(problems.fields).length > 0;
  return (
    <li className="row padded">
      <Group justify="space-between" wrap="nowrap" align="start">
        <UnstyledButton onClick={onToggle} aria-expanded={opened} className="grow">
          <Group gap="xs">
            <Text size="sm" c="dimmed" className="numbers">
              {index + 1}
            </Text>
            <Text size="sm" fw={600}>
              {rule.name}
            </Text>
            <Badge variant="light">{labels.value('team', rule.team)}</Badge>
            <Badge variant="outline" color="gray">
              {labels.value('priority', rule.priority)}
            </Badge>
            <Badge variant="outline" color="gray">
              {t(`loopWish.${rule.loop}`)}
            </Badge>
            {wrong && (
              <Badge color="red" variant="filled">
                {t('rules.wrong')}
              </Badge>
            )}
          </Group>
          {!opened && <Code className="clamp rule-when">{rule.when}</Code>}
        </UnstyledButton>
        {!readOnly && (
          <Group gap={4} wrap="nowrap">
            <ActionIcon
              variant="subtle"
              color="gray"
              disabled={index === 0}
              aria-label={t('rules.up', { name: rule.name })}
              onClick={() => onMove(index - 1)}
            >
              ↑
            </ActionIcon>
            <ActionIcon
              variant="subtle"
              color="gray"
              disabled={last}
              aria-label={t('rules.down', { name: rule.name })}
              onClick={() => onMove(index + 1)}
            >
              ↓
            </ActionIcon>
            <ActionIcon
              variant="subtle"
              color="red"
              aria-label={t('rules.remove', { name: rule.name })}
              onClick={onRemove}
            >
              ×
            </ActionIcon>
          </Group>
        )}
      </Group>
      {opened && <Fields {...props} onChange={onChange} />}
    </li>
  );
}

function Fields({ rule, onChange, readOnly, teams, policies, problems, environment }: Props) {
  const { t } = useText();
  const labels = useLabels();
  const set = (part: Partial<Rule>) => onChange({ ...rule, ...part });
  const fields = problems?.fields ?? {};
  return (
    <Stack gap="sm" mt="sm">
      <TextInput
        label={t('rule.name')}
        value={rule.name}
        maxLength={200}
        readOnly={readOnly}
        error={fields['name']}
        onChange={({ currentTarget }) => set({ name: currentTarget.value })}
      />
      <div>
        <Input.Label component="div">{t('rule.when')}</Input.Label>
        <ConditionEditor
          label={t('rule.whenOf', { name: rule.name })}
          value={rule.when}
          onChange={(when) => set({ when })}
          environment={environment}
          check={check}
          problem={problems?.condition}
          readOnly={readOnly}
        />
        {!readOnly && (
          <Text size="xs" c="dimmed">
            {t('rule.whenHelp')}
          </Text>
        )}
      </div>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 4 }}>
        <NativeSelect
          label={t('rule.team')}
          value={rule.team}
          disabled={readOnly}
          error={fields['team']}
          onChange={({ currentTarget }) => set({ team: currentTarget.value })}
          data={[
            ...(teams.some(({ name }) => name === rule.team) ? [] : [{ value: rule.team, label: rule.team }]),
            ...teams.map(({ name, displayName }) => ({ value: name, label: displayName })),
          ]}
        />
        <NativeSelect
          label={t('rule.priority')}
          value={rule.priority}
          disabled={readOnly}
          error={fields['priority']}
          onChange={({ currentTarget }) => set({ priority: currentTarget.value })}
          data={priorities.map((value) => ({ value, label: labels.value('priority', value) }))}
        />
        <NativeSelect
          label={t('rule.slaPolicy')}
          value={rule.slaPolicy}
          disabled={readOnly}
          error={fields['slaPolicy']}
          onChange={({ currentTarget }) => set({ slaPolicy: currentTarget.value })}
          data={policies.map((value) => ({ value, label: value }))}
        />
        <NativeSelect
          label={t('rule.loop')}
          value={rule.loop}
          disabled={readOnly}
          error={fields['loop']}
          onChange={({ currentTarget }) => set({ loop: currentTarget.value })}
          data={loopWishes.map((value) => ({ value, label: t(`loopWish.${value}`) }))}
        />
      </SimpleGrid>
      <TextInput
        label={t('rule.labels')}
        description={t('rule.labelsHelp')}
        defaultValue={rule.labels.join(', ')}
        readOnly={readOnly}
        error={fields['labels']}
        onBlur={({ currentTarget }) =>
          set({
            labels: currentTarget.value
              .split(',')
              .map((one) => one.trim())
              .filter((one) => one !== ''),
          })
        }
      />
      <Checkbox
        label={t('rule.historic')}
        checked={rule.includeHistoric}
        disabled={readOnly}
        onChange={({ currentTarget }) => set({ includeHistoric: currentTarget.checked })}
      />
    </Stack>
  );
}
