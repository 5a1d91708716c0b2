import { firstTeams } from '@closeloop/contracts';
import { type Subject } from '../subject.js';

/** What is promised while things break: seconds, so that limits are passed and loops go up their chains all the time. */
export const promised = {
  /** Milliseconds on the customer's clock */
  limits: { 'first-response': 6_000, resolution: 14_000 },
  warnAt: 0.75,
  /** Who has it next, and so many milliseconds after the limit; of every team */
  chain: [
    { after: 0, owner: 'faults-lead' },
    { after: 4_000, owner: 'faults-manager' },
    { after: 8_000, team: 'triage' },
  ],
} as const;

export type PromisedTarget = keyof typeof promised.limits;

const seconds = (ms: number): string => `PT${ms / 1000}S`;

/** Makes the second version of the settings; loops that open from then on have terms that begin with `2/`. */
export async function promise({ loopUrls, token }: Pick<Subject, 'loopUrls' | 'token'>): Promise<void> {
  const limits = {
    firstResponse: { customer: seconds(promised.limits['first-response']) },
    resolution: { customer: seconds(promised.limits.resolution) },
    warnAt: promised.warnAt,
  };
  const chain = promised.chain.map(({ after, ...to }) => ({ after: seconds(after), ...to }));
  const answer = await fetch(`${loopUrls[0]}/v1/sla-settings`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await token({ sub: 'faults-admin', roles: ['admin'] })}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({
      basedOn: 1,
      calendars: [{ name: 'office', zone: 'UTC', shifts: [{ days: ['monday'], from: '09:00', to: '17:00' }] }],
      defaultCalendar: 'office',
      policies: [{ name: 'standard', ...limits }],
      defaultPolicy: 'standard',
      teams: firstTeams.map((team) => ({ team, chain })),
    }),
  });
  if (!answer.ok) throw new Error(`/v1/sla-settings answered ${answer.status}: ${await answer.text()}`);
}
