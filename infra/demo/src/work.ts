import { type Platform } from '@closeloop/cli';
import { loopChanged } from '@closeloop/contracts';
import { readLog } from '@closeloop/messaging';
import { type DemoResult } from './ledger.js';

interface Delivery {
  readonly state: string;
  readonly attemptCount: number;
}

/** What people, clocks and customers did to loops since a time: of the events themselves, of the counts, and of the delivery log. */
export async function readWork(
  { urls, env }: Platform,
  since: Date,
  token: string,
): Promise<Pick<DemoResult, 'byState' | 'reopened' | 'escalated' | 'breached' | 'deliveries'>> {
  const get = async <T>(path: string): Promise<T> => {
    const response = await fetch(`${urls.loop}${path}`, { headers: { authorization: `Bearer ${token}` } });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  };
  const counts = { reopened: 0, escalated: 0, breached: 0 };
  const seen = new Set<string>();
  await readLog(env, 'demo', loopChanged, since, (events) => {
    for (const { data } of events) {
      const key = `${data.loopId}/${data.version}`;
      if (seen.has(key)) continue;
      seen.add(key);
      if (data.change === 'reopened' || data.change === 'objected') counts.reopened++;
      if (data.change === 'escalated' || data.change === 'objected') counts.escalated++;
      if (data.note === 'breached') counts.breached++;
    }
    return Promise.resolve();
  });
  const deliveries = { sent: 0, failed: 0, retried: 0 };
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const page = await get<{ items: Delivery[]; cursor?: string }>(
      `/v1/deliveries?limit=200${cursor === undefined ? '' : `&cursor=${cursor}`}`,
    );
    for (const { state, attemptCount } of page.items) {
      if (state === 'sent') deliveries.sent++;
      if (state === 'given-up') deliveries.failed++;
      if (attemptCount > 1) deliveries.retried++;
    }
    cursor = page.cursor;
  }
  const { byState } = await get<{ byState: Record<string, number> }>('/v1/loops/counts');
  return { byState, ...counts, deliveries };
}
