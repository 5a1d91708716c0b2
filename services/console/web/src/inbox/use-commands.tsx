import { Button, Group, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useMemo, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/client.js';
import { type Loop } from '../api/loops.js';
import { ApiProblem } from '../api/problem.js';
import { CommandQueue, type Batch, type Command, type Outcome } from './command-queue.js';

/** Commands that are held back a moment, with their words in `inbox.done`. */
export const heldCommands = [
  'acknowledge',
  'resolve',
  'dismiss',
  'reopen',
  'wait',
  'resume',
  'assign',
  'set-priority',
  'escalate',
] as const;
export type HeldCommand = (typeof heldCommands)[number];

/** Versions that our own commands led to: what we did ourselves is no conflict. */
const reached = new Map<string, number>();

export async function sendCommand({ loopId, version, name, body }: Command, leaving = false): Promise<Loop> {
  const loop = await api.post<Loop>('loop', `/v1/loops/${loopId}/${name}`, {
    ifMatch: Math.max(version, reached.get(loopId) ?? 0),
    ...(body && { body }),
    keepalive: leaving,
  });
  reached.set(loopId, loop.version);
  return loop;
}

/** Gives commands, shows that they are held, and what came of them. */
export function useCommands() {
  const client = useQueryClient();
  const { t } = useTranslation();

  const queue = useMemo(() => {
    const done = ({ id, commands }: Batch, outcomes: readonly Outcome[]) => {
      notifications.hide(`batch-${id}`);
      void client.invalidateQueries({ queryKey: ['loop'] });
      const failed = outcomes.filter(({ error }) => error);
      if (failed.length === 0) return;
      const conflicts = failed.filter(({ error }) => error instanceof ApiProblem && error.status === 409).length;
      notifications.show({
        color: 'red',
        title: t('inbox.failed.title', { count: failed.length, of: commands.length }),
        message: conflicts > 0 ? t('inbox.failed.conflict', { count: conflicts }) : failed[0]!.error!.message,
        autoClose: 10_000,
      });
    };
    return new CommandQueue(sendCommand, done);
  }, [client, t]);

  const held = useSyncExternalStore(queue.watch, queue.held);

  useEffect(() => {
    const leave = () => queue.leave();
    window.addEventListener('pagehide', leave);
    return () => {
      window.removeEventListener('pagehide', leave);
      // to another page of the console: what was given is done
      void queue.flush();
    };
  }, [queue]);

  return useMemo(() => {
    const undo = (id?: number) => {
      const batch = queue.undo(id);
      if (batch) notifications.hide(`batch-${batch.id}`);
    };
    return {
      /** What is about to happen to a loop, until it has */
      heldFor: (loopId: string): HeldCommand | undefined =>
        held.flatMap(({ commands }) => commands).findLast((command) => command.loopId === loopId)?.name as
          HeldCommand | undefined,
      flush: (loopId: string) => queue.flush(loopId),
      undo,
      give: (name: HeldCommand, loops: readonly Pick<Loop, 'loopId' | 'version'>[], body?: object) => {
        if (loops.length === 0) return;
        const batch = queue.add(loops.map(({ loopId, version }) => ({ loopId, version, name, ...(body && { body }) })));
        notifications.show({
          id: `batch-${batch.id}`,
          withCloseButton: false,
          autoClose: false,
          message: (
            <Group justify="space-between" wrap="nowrap">
              <Text size="sm">{t(`inbox.done.${name}`, { count: loops.length })}</Text>
              <Button size="compact-xs" variant="default" onClick={() => undo(batch.id)}>
                {t('inbox.undo')}
              </Button>
            </Group>
          ),
        });
      },
    };
  }, [queue, held, t]);
}

export type Commands = ReturnType<typeof useCommands>;
