import { ActionIcon, Checkbox, Group, NativeSelect, Stack, TextInput } from '@mantine/core';
import { IconCornerDownLeft, IconSearch } from '@tabler/icons-react';
import { useState, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { priorities } from '../api/loops.js';
import { seesAll, useSession } from '../api/session.js';
import { useTeams } from '../api/teams.js';
import { sorts, stateChoices, type InboxFilters } from './filters.js';
import classes from './inbox.module.css';

interface Properties {
  readonly filters: InboxFilters;
  readonly onChange: (filters: InboxFilters) => void;
  readonly searchField: RefObject<HTMLInputElement | null>;
}

/** What the list shows, by the browser's own controls: they are at home on phones and with screen readers. */
export function FilterBar({ filters, onChange, searchField }: Properties) {
  const { t } = useTranslation();
  const session = useSession();
  const teams = useTeams();
  const [typed, setTyped] = useState(filters.q ?? '');
  const [seen, setSeen] = useState(filters.q);
  // the address may have changed by itself
  if (seen !== filters.q) {
    setSeen(filters.q);
    setTyped(filters.q ?? '');
  }
  const mine = seesAll(session) ? teams : teams.filter(({ name }) => session.teams.includes(name));
  const set = (change: Partial<Record<keyof InboxFilters, unknown>>) =>
    onChange(
      Object.fromEntries(
        Object.entries({ ...filters, ...change }).filter(([, value]) => value !== undefined && value !== ''),
      ) as unknown as InboxFilters,
    );
  const small = { size: 'xs', variant: 'filled' } as const;
  return (
    <Stack gap={6} className={classes.bar}>
      <form
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          set({ q: typed.trim() });
          // so that the next key moves in what was found
          searchField.current?.blur();
        }}
      >
        <TextInput
          {...small}
          ref={searchField}
          type="search"
          value={typed}
          maxLength={200}
          onChange={({ currentTarget }) => {
            setTyped(currentTarget.value);
            if (currentTarget.value === '') set({ q: undefined });
          }}
          onKeyDown={(event) => {
            if (event.key !== 'Escape') return;
            // it would empty the field, and with it the list
            event.preventDefault();
            event.currentTarget.blur();
          }}
          leftSection={<IconSearch size={14} aria-hidden />}
          rightSection={
            typed.trim() !== (filters.q ?? '') && (
              <ActionIcon
                type="submit"
                size="sm"
                variant="subtle"
                aria-label={t('inbox.searchNow')}
                title={t('inbox.searchNow')}
              >
                <IconCornerDownLeft size={14} aria-hidden />
              </ActionIcon>
            )
          }
          placeholder={t('inbox.search')}
          aria-label={t('inbox.search')}
        />
      </form>
      <Group gap={6} grow wrap="nowrap" preventGrowOverflow={false}>
        <NativeSelect
          {...small}
          aria-label={t('inbox.filter.state')}
          value={filters.state}
          onChange={({ currentTarget }) => set({ state: currentTarget.value })}
          data={stateChoices.map((value) => ({
            value,
            label:
              value === 'todo' || value === 'open' || value === 'all'
                ? t(`inbox.filter.${value}`)
                : t(`loop.state.${value}`),
          }))}
        />
        <NativeSelect
          {...small}
          aria-label={t('inbox.filter.team')}
          value={filters.team ?? ''}
          onChange={({ currentTarget }) => set({ team: currentTarget.value })}
          data={[
            { value: '', label: t(seesAll(session) ? 'inbox.filter.allTeams' : 'inbox.filter.myTeams') },
            ...mine.map(({ name, displayName }) => ({ value: name, label: displayName })),
            // one that is named in the address and is none that we know
            ...(filters.team !== undefined && !mine.some(({ name }) => name === filters.team)
              ? [{ value: filters.team, label: filters.team }]
              : []),
          ]}
        />
      </Group>
      <Group gap={6} grow wrap="nowrap" preventGrowOverflow={false}>
        <NativeSelect
          {...small}
          aria-label={t('inbox.filter.priority')}
          value={filters.priority ?? ''}
          onChange={({ currentTarget }) => set({ priority: currentTarget.value })}
          data={[
            { value: '', label: t('inbox.filter.anyPriority') },
            ...priorities.map((value) => ({ value, label: t(`loop.priority.${value}`) })),
          ]}
        />
        <NativeSelect
          {...small}
          aria-label={t('inbox.filter.owner')}
          value={filters.owner ?? ''}
          onChange={({ currentTarget }) => set({ owner: currentTarget.value })}
          data={[
            { value: '', label: t('inbox.filter.anyOwner') },
            { value: 'me', label: t('inbox.filter.mine') },
            ...(filters.owner !== undefined && filters.owner !== 'me'
              ? [{ value: filters.owner, label: filters.owner }]
              : []),
          ]}
        />
        <NativeSelect
          {...small}
          aria-label={t('inbox.filter.sort')}
          value={filters.sort}
          onChange={({ currentTarget }) => set({ sort: currentTarget.value })}
          data={sorts.map((value) => ({ value, label: t(`inbox.sort.${value}`) }))}
        />
      </Group>
      <Checkbox
        size="xs"
        label={t('inbox.filter.overdue')}
        checked={filters.overdue}
        onChange={({ currentTarget }) => set({ overdue: currentTarget.checked })}
      />
    </Stack>
  );
}
