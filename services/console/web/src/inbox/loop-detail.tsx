import { ActionIcon, Alert, Anchor, Button, Group, Menu, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconArrowLeft, IconBulb, IconDots, IconUserEdit } from '@tabler/icons-react';
import { forwardRef, useImperativeHandle, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { priorities, type ListedLoop, type LoopState, type WholeLoop } from '../api/loops.js';
import { type SignedIn } from '../api/session.js';
import { useTeamName, useTeams } from '../api/teams.js';
import { ProblemAlert } from '../shell/failure.js';
import { AnswerBox, type AnswerBoxHandle } from './answer-box.js';
import { PriorityMark, StateBadge } from './badges.js';
import { ClockTable } from './clock-table.js';
import { CustomerTimeline } from './customer-timeline.js';
import { FeedbackCard } from './feedback-card.js';
import { History } from './history.js';
import classes from './inbox.module.css';
import { InsightDialog } from './insight-dialog.js';
import { ReasonDialog } from './reason-dialog.js';
import { RouteExplained } from './route-explained.js';
import { type Commands, type HeldCommand } from './use-commands.js';
import { useLoop } from './use-loops.js';

export interface LoopDetailHandle {
  /** Brings the keyboard to the answer. */
  respond(): void;
}

interface Properties {
  readonly loopId: string;
  /** What is selected in the list: an insight may be raised from all of it */
  readonly selected: readonly ListedLoop[];
  readonly commands: Commands;
  readonly session: SignedIn;
  readonly now: Date;
  readonly closeHref: string;
}

/** States that a command is possible in, as the loop service has it. */
const possibleIn: Partial<Record<HeldCommand, readonly LoopState[]>> = {
  acknowledge: ['opened', 'reopened'],
  resolve: ['acknowledged', 'responded'],
  wait: ['acknowledged', 'responded'],
  resume: ['acknowledged', 'responded'],
  dismiss: ['opened', 'reopened', 'acknowledged'],
  reopen: ['resolved', 'verified', 'closed-unverified', 'dismissed'],
};

export const LoopDetail = forwardRef<LoopDetailHandle, Properties>(function LoopDetail(
  { loopId, selected, commands, session, now, closeHref },
  handle,
) {
  const { t } = useTranslation();
  const { data: loop, error, isPending, refetch, dataUpdatedAt } = useLoop(loopId);
  const teamName = useTeamName();
  const answer = useRef<AnswerBoxHandle>(null);
  const [asked, setAsked] = useState<'dismiss' | 'reopen'>();
  const [raising, raisingActions] = useDisclosure();
  useImperativeHandle(handle, () => ({ respond: () => answer.current?.focus() }));

  if (error && !loop) return <ProblemAlert error={error} onAgain={() => void refetch()} />;
  if (isPending || !loop) {
    return (
      <Stack p="lg" aria-busy>
        <Skeleton h={20} w="40%" />
        <Skeleton h={90} />
        <Skeleton h={140} />
      </Stack>
    );
  }

  const held = commands.heldFor(loopId);
  const can = (name: HeldCommand) => possibleIn[name]!.includes(loop.state) && held !== name;
  const words = loop.feedback.find(({ as }) => as === 'loop') ?? loop.feedback[0];
  const author = words?.feedback?.author;
  const others = loop.writing.filter(({ agent }) => agent !== session.subject);

  return (
    <div className={classes.detail} tabIndex={-1}>
      <Stack gap="md" maw={880}>
        <Anchor component={Link} href={closeHref} size="sm" hiddenFrom="md">
          <Group gap={4}>
            <IconArrowLeft size={14} aria-hidden /> {t('inbox.back')}
          </Group>
        </Anchor>
        <Group justify="space-between" align="flex-start" gap="sm">
          <Stack gap={4} miw={0}>
            <Title order={2} lineClamp={1}>
              {author?.name ?? author?.handle ?? t('loop.somebody')}
            </Title>
            <Group gap={8}>
              <StateBadge state={loop.state} />
              <PriorityMark priority={loop.priority} words />
              <Text size="sm" c="dimmed">
                {[
                  teamName(loop.team),
                  loop.owner === undefined ? t('loop.nobodyOwns') : t('loop.ownedBy', { who: loop.owner }),
                  ...(loop.waiting ? [t('loop.waiting')] : []),
                  ...(loop.cycle > 1 ? [t('loop.cycle', { cycle: loop.cycle })] : []),
                  ...(loop.level > 0 ? [t('loop.level', { level: loop.level })] : []),
                ].join(' · ')}
              </Text>
            </Group>
          </Stack>
          <Group gap={6}>
            {can('acknowledge') && (
              <Button size="xs" variant="default" onClick={() => commands.give('acknowledge', [loop])}>
                {t('loop.command.acknowledge')}
              </Button>
            )}
            <Button
              size="xs"
              variant="default"
              disabled={!can('resolve')}
              onClick={() => commands.give('resolve', [loop])}
            >
              {t('loop.command.resolve')}
            </Button>
            <Button
              size="xs"
              variant="default"
              leftSection={<IconBulb size={14} aria-hidden />}
              onClick={raisingActions.open}
            >
              {t('insight.raise')}
            </Button>
            <MoreMenu {...{ loop, commands, session, can }} onAsk={setAsked} />
          </Group>
        </Group>

        {others.length > 0 && (
          <Alert color="orange" variant="light" icon={<IconUserEdit size={18} aria-hidden />} py={8} role="status">
            {t('inbox.writing', { who: others.map(({ agent }) => agent).join(', '), count: others.length })}
          </Alert>
        )}

        {loop.feedback.map((one) => (
          <FeedbackCard key={one.feedbackId} one={one} />
        ))}
        <AnswerBox ref={answer} key={`${loopId} ${loop.cycle}`} {...{ loop, session, commands }} />
        {loop.sla && (
          <ClockTable
            sla={loop.sla}
            sinceMs={now.getTime() - dataUpdatedAt}
            isOver={loop.closed || loop.resolvedAt !== undefined}
            isAnswered={loop.firstRespondedAt !== undefined}
          />
        )}
        {words && <RouteExplained one={words} loop={loop} session={session} />}
        <History loop={loop} />
        {words?.customerKey !== undefined && <CustomerTimeline customerKey={words.customerKey} loopId={loopId} />}
      </Stack>
      <ReasonDialog
        asked={asked}
        onClose={() => setAsked(undefined)}
        onGiven={(reason) => asked && commands.give(asked, [loop], { reason })}
      />
      {raising && (
        <InsightDialog
          loops={selected.length > 0 ? selected.map((one) => one.loopId) : [loopId]}
          about={words}
          onClose={raisingActions.close}
        />
      )}
    </div>
  );
});

interface MenuProperties {
  readonly loop: WholeLoop;
  readonly commands: Commands;
  readonly session: SignedIn;
  readonly can: (name: HeldCommand) => boolean;
  readonly onAsk: (what: 'dismiss' | 'reopen') => void;
}

function MoreMenu({ loop, commands, session, can, onAsk }: MenuProperties) {
  const { t } = useTranslation();
  const teams = useTeams();
  const give = (name: HeldCommand, body?: object) => commands.give(name, [loop], body);
  return (
    <Menu position="bottom-end" width={220} shadow="md">
      <Menu.Target>
        <ActionIcon variant="default" size={30} aria-label={t('inbox.more')}>
          <IconDots size={16} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown mah={420} style={{ overflowY: 'auto' }}>
        {!loop.waiting && can('wait') && <Menu.Item onClick={() => give('wait')}>{t('loop.command.wait')}</Menu.Item>}
        {loop.waiting && can('resume') && (
          <Menu.Item onClick={() => give('resume')}>{t('loop.command.resume')}</Menu.Item>
        )}
        {can('reopen') && <Menu.Item onClick={() => onAsk('reopen')}>{t('loop.command.reopen')}</Menu.Item>}
        {can('dismiss') && <Menu.Item onClick={() => onAsk('dismiss')}>{t('loop.command.dismiss')}</Menu.Item>}
        {!loop.closed && (
          <>
            <Menu.Item onClick={() => give('escalate')}>{t('loop.command.escalate')}</Menu.Item>
            {loop.owner !== session.subject && (
              <Menu.Item onClick={() => give('assign', { owner: session.subject })}>{t('inbox.take')}</Menu.Item>
            )}
            <Menu.Divider />
            <Menu.Label>{t('loop.command.set-priority')}</Menu.Label>
            {priorities
              .filter((priority) => priority !== loop.priority)
              .map((priority) => (
                <Menu.Item key={priority} onClick={() => give('set-priority', { priority })}>
                  {t(`loop.priority.${priority}`)}
                </Menu.Item>
              ))}
            <Menu.Divider />
            <Menu.Label>{t('loop.command.assign')}</Menu.Label>
            {teams
              .filter(({ name }) => name !== loop.team)
              .map(({ name, displayName }) => (
                <Menu.Item key={name} onClick={() => give('assign', { team: name })}>
                  {displayName}
                </Menu.Item>
              ))}
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
