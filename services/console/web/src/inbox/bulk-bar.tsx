import { Button, CloseButton, Group, NativeSelect, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { priorities, type ListedLoop, type LoopState } from '../api/loops.js';
import { useTeams } from '../api/teams.js';
import classes from './inbox.module.css';
import { type Commands } from './use-commands.js';

interface Properties {
  readonly loops: readonly ListedLoop[];
  readonly commands: Commands;
  readonly onDone: () => void;
}

/** What is done with many at once; only those whose state takes it get it. */
export function BulkBar({ loops, commands, onDone }: Properties) {
  const { t } = useTranslation();
  const teams = useTeams();
  const those = (...states: LoopState[]) => loops.filter(({ state }) => states.includes(state));
  const open = loops.filter(({ closed }) => !closed);
  const toAcknowledge = those('opened', 'reopened');
  const toResolve = those('acknowledged', 'responded');
  const give = (...words: Parameters<Commands['give']>) => {
    commands.give(...words);
    onDone();
  };
  return (
    <Group className={classes.bulk} gap={6} role="toolbar" aria-label={t('inbox.bulk.label')}>
      <Text size="xs" fw={600} className="tabular" mr="auto">
        {t('inbox.bulk.selected', { count: loops.length })}
      </Text>
      <Button
        size="compact-xs"
        variant="default"
        disabled={toAcknowledge.length === 0}
        onClick={() => give('acknowledge', toAcknowledge)}
      >
        {t('loop.command.acknowledge')}
      </Button>
      <Button
        size="compact-xs"
        variant="default"
        disabled={toResolve.length === 0}
        onClick={() => give('resolve', toResolve)}
      >
        {t('loop.command.resolve')}
      </Button>
      <NativeSelect
        size="xs"
        w={96}
        value=""
        disabled={open.length === 0}
        aria-label={t('loop.command.assign')}
        onChange={({ currentTarget }) => give('assign', open, { team: currentTarget.value })}
        data={[
          { value: '', label: t('inbox.bulk.team') },
          ...teams.map(({ name, displayName }) => ({ value: name, label: displayName })),
        ]}
      />
      <NativeSelect
        size="xs"
        w={110}
        value=""
        disabled={open.length === 0}
        aria-label={t('loop.command.set-priority')}
        onChange={({ currentTarget }) => give('set-priority', open, { priority: currentTarget.value })}
        data={[
          { value: '', label: t('inbox.bulk.priority') },
          ...priorities.map((value) => ({ value, label: t(`loop.priority.${value}`) })),
        ]}
      />
      <CloseButton size="sm" onClick={onDone} aria-label={t('inbox.bulk.none')} />
    </Group>
  );
}
