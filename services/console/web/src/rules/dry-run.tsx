import { Button, Card, Group, NativeSelect, Progress, Stack, Table, Text, TextInput, Title } from '@mantine/core';
import { useRef, useState } from 'react';
import { api } from '../api/client.js';
import { formatNumber, formatShare } from '../i18n/format.js';
import { useText } from '../i18n/text.js';
import { useLabels } from '../metrics/labels.js';
import { ProblemAlert } from '../shell/failure.js';
import { useRuleSets } from './use-rule-sets.js';
import { byTeam, type DryRunLine, type DryRunReport, type Move } from './rule-sets.js';

/** What the rules would have done with what customers said lately, against other rules. */
export function DryRun({ id }: { readonly id: string }) {
  const { t, locale } = useText();
  const { data: sets } = useRuleSets();
  const [days, setDays] = useState(30);
  const [against, setAgainst] = useState('active');
  const [progress, setProgress] = useState<Extract<DryRunLine, { kind: 'progress' }>>();
  const [report, setReport] = useState<DryRunReport>();
  const [error, setError] = useState<Error>();
  const running = useRef<AbortController>(undefined);
  const [isRunning, setRunning] = useState(false);

  const run = async () => {
    running.current?.abort();
    const control = new AbortController();
    running.current = control;
    setRunning(true);
    setError(undefined);
    setReport(undefined);
    setProgress(undefined);
    try {
      const lines = api.lines<DryRunLine>('rehearsal', `/v1/rule-sets/${id}/dry-run`, {
        ...{ body: { days, against }, signal: control.signal },
      });
      for await (const line of lines) {
        if (line.kind === 'progress') setProgress(line);
        else if (line.kind === 'report') setReport(line);
        else setError(new Error(line.problem.detail ?? line.problem.title));
      }
    } catch (failure) {
      if (!control.signal.aborted) setError(failure instanceof Error ? failure : new Error(String(failure)));
    } finally {
      setRunning(false);
    }
  };

  return (
    <Stack gap="md">
      <Card withBorder padding="md" component="form" onSubmit={(event) => (event.preventDefault(), void run())}>
        <Group align="end" gap="xs">
          <TextInput
            type="number"
            label={t('dryRun.days')}
            value={days}
            min={1}
            max={3650}
            onChange={({ currentTarget }) => setDays(Math.round(Number(currentTarget.value)) || 1)}
            w={140}
          />
          <NativeSelect
            label={t('dryRun.against')}
            value={against}
            onChange={({ currentTarget }) => setAgainst(currentTarget.value)}
            data={[
              { value: 'active', label: t('ruleSet.active') },
              ...(sets?.items ?? [])
                .filter((set) => set.id !== id && set.state !== 'active')
                .map((set) => ({
                  value: set.id,
                  label: set.version === undefined ? set.id : t('rules.version', { version: set.version }),
                })),
            ]}
          />
          <Button type="submit" loading={isRunning}>
            {t('dryRun.run')}
          </Button>
          {isRunning && (
            <Button variant="default" onClick={() => running.current?.abort()}>
              {t('dryRun.stop')}
            </Button>
          )}
        </Group>
        {progress && !report && (
          <div role="status">
            <Progress
              mt="sm"
              value={progress.of ? (progress.lookedAt / progress.of) * 100 : 100}
              animated={isRunning}
              aria-label={t('dryRun.progress')}
            />
            <Text size="sm" c="dimmed">
              {t('dryRun.sofar', {
                ...{ lookedAt: formatNumber(progress.lookedAt, locale), moved: formatNumber(progress.moved, locale) },
                of: progress.of === undefined ? '?' : formatNumber(progress.of, locale),
              })}
            </Text>
          </div>
        )}
      </Card>
      {error && <ProblemAlert error={error} />}
      {report && <Report report={report} />}
    </Stack>
  );
}

function Report({ report }: { readonly report: DryRunReport }) {
  const { t, locale } = useText();
  const labels = useLabels();
  const count = (value: number) => formatNumber(value, locale);
  const { lookedAt, moved, changed, teams, rules, failures, relabelled } = report;
  const moves = (title: string, list: readonly Move[], of: string) =>
    list.length > 0 && (
      <Card withBorder padding="md">
        <Title order={2} size="h3">
          {title}
        </Title>
        <ul className="plain-list numbers">
          {list.map(({ from, to, count: n }) => (
            <li key={from + to}>{`${labels.value(of, from)} → ${labels.value(of, to)}: ${count(n)}`}</li>
          ))}
        </ul>
      </Card>
    );
  return (
    <Stack gap="md">
      <Text fw={600} role="status">
        {t('dryRun.summary', {
          ...{ lookedAt: count(lookedAt), moved: count(moved), changed: count(changed) },
          share: formatShare(lookedAt === 0 ? 0 : moved / lookedAt, locale, 1),
        })}
      </Text>
      {lookedAt === 0 && (
        <Text size="sm" c="dimmed">
          {t('dryRun.nothing')}
        </Text>
      )}
      {teams.length > 0 && (
        <Card withBorder padding="md">
          <Title order={2} size="h3">
            {t('dryRun.byTeam')}
          </Title>
          <Table className="numbers">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('dimension.team')}</Table.Th>
                <Table.Th ta="right">{t('dryRun.gains')}</Table.Th>
                <Table.Th ta="right">{t('dryRun.loses')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {byTeam(teams).map(({ team, gains, loses }) => (
                <Table.Tr key={team}>
                  <Table.Td>{labels.value('team', team)}</Table.Td>
                  <Table.Td ta="right">{gains > 0 ? `+${count(gains)}` : '–'}</Table.Td>
                  <Table.Td ta="right">{loses > 0 ? `−${count(loses)}` : '–'}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
          {teams.map(({ from, to, count: n, examples }) => (
            <details key={from + to}>
              <summary>{`${labels.value('team', from)} → ${labels.value('team', to)}: ${count(n)}`}</summary>
              <ul>
                {examples.map(({ feedbackId, excerpt, rules: [before, after] }) => (
                  <li key={feedbackId}>
                    <Text size="sm">{excerpt}</Text>
                    <Text size="xs" c="dimmed">{`${before} → ${after}`}</Text>
                  </li>
                ))}
              </ul>
            </details>
          ))}
        </Card>
      )}
      {moves(t('dryRun.priorities'), report.priorities, 'priority')}
      {moves(t('dryRun.policies'), report.slaPolicies, 'slaPolicy')}
      {moves(t('dryRun.loops'), report.loops, 'loopWish')}
      {relabelled > 0 && <Text size="sm">{t('dryRun.relabelled', { count: count(relabelled) })}</Text>}
      <Card withBorder padding="md">
        <Title order={2} size="h3">
          {t('dryRun.rules')}
        </Title>
        <Table className="numbers">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('rule.name')}</Table.Th>
              <Table.Th ta="right">{t('dryRun.before')}</Table.Th>
              <Table.Th ta="right">{t('dryRun.after')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rules.map(({ name, before, after }) => (
              <Table.Tr key={name}>
                <Table.Td>{name}</Table.Td>
                <Table.Td ta="right">{before === undefined ? '–' : count(before)}</Table.Td>
                <Table.Td ta="right">{after === undefined ? '–' : count(after)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Card>
      {failures.length > 0 && (
        <Text className="wrong" size="sm">
          {t('dryRun.failures', { rules: failures.map(({ rule, count: n }) => `${rule} (${count(n)})`).join(', ') })}
        </Text>
      )}
    </Stack>
  );
}
