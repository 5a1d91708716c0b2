import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { api } from '../api/client.js';
import { type LoopFeedback, type Writing, type WholeLoop } from '../api/loops.js';

/** How long after the last key a draft is kept, milliseconds. */
const settleMs = 1_200;
/** How often the place as the one who writes is renewed, well before it ends by itself, milliseconds. */
const renewMs = 25_000;

interface Kept {
  readonly stale: boolean;
  readonly writing: readonly Writing[];
  readonly warning?: { readonly reason: string; readonly by: string };
}

/** The unfinished answer of this person: kept while it is written, and shown to others as being written. */
export function useDraft(loop: WholeLoop, subject: string, answered: LoopFeedback | undefined) {
  const client = useQueryClient();
  const mine = loop.drafts.find(({ agent }) => agent === subject);
  const [text, setText] = useState(mine?.text ?? '');
  const [active, setActive] = useState(false);
  const timer = useRef<number>(undefined);
  const { loopId } = loop;

  const keep = useMutation({
    mutationFn: (written: string) =>
      written.trim() === ''
        ? api.delete<Kept | undefined>('loop', `/v1/loops/${loopId}/draft`)
        : api.put<Kept | undefined>('loop', `/v1/loops/${loopId}/draft`, {
            // the revision that was in front of who wrote it: a later one makes the draft stale
            body: { text: written, feedbackId: answered!.feedbackId, revision: mine?.revision ?? answered!.revision },
          }),
  });
  const { mutate } = keep;

  const write = useCallback(
    (written: string) => {
      setText(written);
      setActive(written.trim() !== '');
      window.clearTimeout(timer.current);
      timer.current = window.setTimeout(() => mutate(written), settleMs);
    },
    [mutate],
  );
  useEffect(() => () => window.clearTimeout(timer.current), []);

  useEffect(() => {
    if (!active) return;
    const renew = window.setInterval(
      () => void api.post('loop', `/v1/loops/${loopId}/draft/lock`).catch(() => undefined),
      renewMs,
    );
    return () => window.clearInterval(renew);
  }, [active, loopId]);

  const discard = useCallback(() => {
    window.clearTimeout(timer.current);
    setText('');
    setActive(false);
    mutate('', { onSettled: () => void client.invalidateQueries({ queryKey: ['loop', 'one', loopId] }) });
  }, [mutate, client, loopId]);

  /** After it was sent: nothing is kept any more. */
  const finish = useCallback(() => {
    window.clearTimeout(timer.current);
    setText('');
    setActive(false);
  }, []);

  return { text, write, discard, finish, isStale: mine?.stale === true || keep.data?.stale === true, keep, mine };
}
