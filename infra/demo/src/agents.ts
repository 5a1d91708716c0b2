import { sha256 } from '@closeloop/contracts';

/** How agents and customers reach the loop service. */
export interface LoopAccess {
  /** Of the loop service */
  url: string;
  /** A token for an agent of a team */
  agentToken: (team: string) => Promise<string>;
  /** Evidence comes from the connector that heard the customer */
  apiKey: string;
}

export interface LoopRow {
  loopId: string;
  team: string;
  state: string;
  version: number;
}

/** What was done, and how often. */
export type Played = Record<string, number>;

const answers = [
  'Thank you for telling us. We have looked into it and put it right.',
  'We are sorry. This is not how it should be; the team on site has been told and a refund is on its way.',
  'Good question! You find it under "My trips"; we have sent you the link.',
];

/**
 * Works a loop as people would: some acknowledge only, some answer, some resolve, and of those customers some confirm, some
 * object and some say nothing. Which, follows from the loop's id, so that two runs play alike.
 */
export async function playLoop(access: LoopAccess, loop: LoopRow, played: Played): Promise<void> {
  const dice = parseInt(sha256(loop.loopId).slice(0, 8), 16);
  const fate = dice % 10;
  // 2 of 10 wait in the inbox
  if (fate < 2) return count(played, 'left waiting');
  const token = await access.agentToken(loop.team);
  let version = loop.version;
  const command = async (name: string, body: object): Promise<void> => {
    const response = await fetch(`${access.url}/v1/loops/${loop.loopId}/${name}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'if-match': `"${version}"` },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${name} of loop ${loop.loopId} answered ${response.status}: ${text}`);
    version = (JSON.parse(text) as { version: number }).version;
    count(played, name);
  };
  await command('acknowledge', {});
  if (fate < 4) return;
  await command('respond', { text: answers[dice % answers.length], channel: 'email' });
  if (fate < 6) return;
  await command('resolve', {});
  // 1 of the 4 that are resolved stays silent
  if (fate === 9) return count(played, 'customer silent');
  const kind = fate === 8 ? 'object' : 'confirm';
  const read = await fetch(`${access.url}/v1/loops/${loop.loopId}`, { headers: { authorization: `Bearer ${token}` } });
  if (!read.ok) throw new Error(`${read.url} answered ${read.status}: ${await read.text()}`);
  const { feedback } = (await read.json()) as { feedback: { feedbackId: string }[] };
  const response = await fetch(`${access.url}/v1/evidence`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${access.apiKey}`,
      'content-type': 'application/json',
      'idempotency-key': `follow-up-${loop.loopId}-${version}`,
    },
    body: JSON.stringify({
      feedbackId: feedback[0]?.feedbackId,
      kind,
      evidence: { type: 'survey', text: kind === 'confirm' ? 'Yes, solved.' : 'No, it happened again.' },
    }),
  });
  if (!response.ok)
    throw new Error(`evidence for loop ${loop.loopId} answered ${response.status}: ${await response.text()}`);
  count(played, kind === 'confirm' ? 'customer confirms' : 'customer objects');
}

function count(played: Played, what: string): void {
  played[what] = (played[what] ?? 0) + 1;
}
