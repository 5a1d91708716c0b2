import { feedbackIdOf, loopIdOf } from '@closeloop/contracts';
import { type Platform } from '@closeloop/cli';
import { Person, until, type LoopView } from './people.js';
import { type Receiver } from './receiver.js';

/** Where the story's customers write; a source of its own, so that what is sent to them goes to the receiver alone. */
const storySource = 'demo-story';
const team = 'support';
/** Whose first answer is promised within two seconds */
const hurried = 'in-a-hurry';
const customersPath = '/customers';
const teamPath = '/support';

/** What the services are started with, so that the story is over in seconds. */
export const storyEnvironment = {
  LOOP_CONFIRMATION_WINDOW_SECONDS: '6',
  LOOP_QUIET_HOURS: 'off',
  LOOP_FOLLOW_UP_WAYS: `source:${storySource}=connector`,
  LOOP_ALLOW_PRIVATE_ENDPOINTS: 'true',
  INGESTION_REPLY_PRIVATE_ADDRESSES: 'true',
} as const;

/** What became of it, for the totals. */
export interface StoryOutcome {
  /** Feedback that was sent */
  readonly sent: number;
  /** Drafts and answers that the customer's next words had overtaken */
  readonly staleDrafts: number;
}

type Tell = (line: string) => void;

/**
 * One working day in a minute: a complaint that nobody answers, two who answer at once, a review that is changed while it is answered, a
 * customer who says no, one who says yes, and one who says nothing. Each step is checked as it is told.
 */
export async function playStory(platform: Platform, receiver: Receiver, tell: Tell): Promise<StoryOutcome> {
  const apiKey = await platform.apiKey(storySource);
  const [admin, manager, ann, ben, lena, mia] = await Promise.all([
    Person.of(platform, 'admin', 'admin'),
    Person.of(platform, 'manager', 'manager'),
    Person.of(platform, 'ann', 'agent', team),
    Person.of(platform, 'ben', 'agent', team),
    Person.of(platform, 'lena', 'agent', 'leads'),
    Person.of(platform, 'mia', 'manager'),
  ]);
  await setUp(admin, manager, receiver);

  let sent = 0;
  const hears = async (externalId: string, text: string, more: object = {}): Promise<string> => {
    const response = await fetch(`${platform.urls.ingestion}/v1/feedback`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        ...{ externalId, channel: 'review', text, languageHint: 'en', ...more },
        author: { externalId: `customer-${externalId}` },
        rating: { value: 1, scale: 5 },
      }),
    });
    if (!response.ok) throw new Error(`${externalId} was answered ${response.status}: ${await response.text()}`);
    sent++;
    return loopIdOf(feedbackIdOf(storySource, externalId));
  };
  const opened = (loopId: string): Promise<LoopView> =>
    until(`loop ${loopId}`, async () => {
      const answer = await manager.does('loop', 'GET', `/v1/loops/${loopId}`).catch(() => undefined);
      return answer && (answer.body as unknown as LoopView);
    });

  const unanswered = await hears('kim', 'Nobody calls me back. I have been waiting for three days and I am fed up.', {
    segments: [hurried],
  });
  const twice = await hears('lou', 'Terrible service, the staff laughed at my question.');
  const edited = await hears('max', 'The staff was rude to my mother.', { updatedAt: '2026-01-01T10:00:00Z' });
  const silent = await hears('noa', 'Very unfriendly reception, what a disappointment.');
  await Promise.all([unanswered, twice, edited, silent].map(opened));

  // two at once
  const [reference] = (await ann.loop(twice)).feedback;
  const draft = { text: 'We are so sorry …', feedbackId: reference!.feedbackId, revision: 1 };
  await ann.does('loop', 'PUT', `/v1/loops/${twice}/draft`, { body: draft });
  const seen = (await ben.loop(twice)).writing.map(({ agent }) => agent);
  const refused = await ben.commands(
    twice,
    'respond',
    { text: 'Sorry about that!', channel: 'review', send: true },
    409,
  );
  await ann.commands(twice, 'respond', { text: 'We are sorry. The team has been spoken to.', send: true });
  tell(
    `Two at once      Ben opens Lou’s complaint and sees that ${seen.join()} is writing; his answer is refused (${String(refused.body['reason'])}), Ann’s goes out.`,
  );

  // edited while it is answered
  const [review] = (await ann.loop(edited)).feedback;
  await ann.does('loop', 'PUT', `/v1/loops/${edited}/draft`, {
    body: { text: 'We have spoken to the staff.', feedbackId: review!.feedbackId, revision: 1 },
  });
  await hears('max', 'The staff was rude to my mother, and now my bag is damaged as well.', {
    updatedAt: '2026-01-01T11:00:00Z',
  });
  await until('the second revision', async () => (await ann.loop(edited)).feedback[0]!.revision === 2);
  const stale = await ann.commands(edited, 'respond', { text: 'We have spoken to the staff.', send: true }, 422);
  await ann.commands(edited, 'respond', {
    ...{ text: 'We have spoken to the staff, and your bag is paid for.', send: true, revision: 2 },
  });
  tell(
    `Edited           Max changes his review while Ann answers the first words: her draft is ${String(stale.body['reason'])} and does not go out. She reads on, and answers both.`,
  );

  // nobody answers
  const lead = await until('the first level', async () => {
    const loop = await manager.loop(unanswered);
    return loop.level >= 1 && loop;
  });
  const both = await until('the second level', async () => {
    const loop = await manager.loop(unanswered);
    return loop.level >= 2 && loop;
  });
  const levels = both.history.filter(({ change }) => change === 'escalated');
  const late = levels.map(({ at, dueAt }) => `${((Date.parse(at) - Date.parse(dueAt!)) / 1000).toFixed(1)} s`);
  tell(
    `Nobody answers   Kim was promised an answer within two seconds. It goes to ${lead.level === 1 ? lead.owner : levels[0]!.owner}, who does not answer either, then to ${both.owner} (${late.join(' and ')} after it was due).`,
  );
  await mia.commands(unanswered, 'respond', { text: 'I have called you, and you have my number now.', send: true });
  await mia.commands(unanswered, 'resolve');

  // yes, no, and nothing
  for (const loopId of [twice, edited]) await ann.commands(loopId, 'resolve');
  await ann.commands(silent, 'respond', { text: 'We are sorry.', send: true });
  await ann.commands(silent, 'resolve');
  await answers(receiver, twice, 5);
  await until('that Lou confirms', async () => (await manager.loop(twice)).state === 'verified');
  tell(
    'Yes              Lou is asked whether it was solved, and says 5 of 5: the loop is verified, by the customer, not by us.',
  );
  await answers(receiver, edited, 1, 'The bag is not paid for.');
  const again = await until('that Max objects', async () => {
    const loop = await manager.loop(edited);
    return loop.state === 'reopened' && loop;
  });
  const words = again.history.findLast(({ change }) => change === 'objected')?.words?.text;
  tell(`No               Max says 1 of 5: “${words}” The loop is open again, one level up, and ${again.owner}’s.`);
  const closed = await until('that the window is over', async () => {
    const loop = await manager.loop(silent);
    return loop.state === 'closed-unverified' && loop;
  });
  tell(
    `No answer        Noa says nothing within six seconds: the loop is ${closed.state}, and counted apart from what is verified.`,
  );

  // the team's own system
  const told = await until('the deliveries to the team', () => {
    const taken = receiver.received.filter(({ path, data }) => path === teamPath && data);
    return taken.length > 0 && receiver.received.filter(({ path }) => path === teamPath);
  });
  const first = told.find(({ data }) => !data);
  await until('the repeated delivery', () =>
    receiver.received.some(({ id, data }) => data !== undefined && id === first?.id),
  );
  tell(
    `The team’s system was away at first: what it did not take came again under the same id, signed, in the order of each loop.`,
  );
  await lena.does('loop', 'GET', '/v1/loops?owner=lena');
  return { sent, staleDrafts: 1 };
}

/** Promises of seconds for these customers alone, a chain, a webhook of the team, and who brings answers to customers. */
async function setUp(admin: Person, manager: Person, receiver: Receiver): Promise<void> {
  const { body } = await manager.does('loop', 'GET', '/v1/sla-settings/active');
  const { version, calendars, defaultCalendar, policies, defaultPolicy } = body as {
    version: number;
    calendars: object[];
    defaultCalendar: string;
    policies: { name: string; variants?: object[] }[];
    defaultPolicy: string;
  };
  const quick = { segments: [hurried], firstResponse: { customer: 'PT2S' }, resolution: { customer: 'PT5M' } };
  await manager.does('loop', 'POST', '/v1/sla-settings', {
    body: {
      ...{ basedOn: version, reason: 'The demo has a minute', calendars, defaultCalendar, defaultPolicy },
      policies: policies.map((policy) => ({ ...policy, variants: [quick, ...(policy.variants ?? [])] })),
      teams: [
        {
          team,
          chain: [
            { after: 'PT0S', owner: 'lena' },
            { after: 'PT2S', owner: 'mia' },
          ],
        },
      ],
    },
  });
  const endpoint = await manager.does('loop', 'POST', `/v1/teams/${team}/endpoints`, {
    body: { kind: 'webhook', url: receiver.urlOf(teamPath) },
  });
  receiver.expects(teamPath, secretIn(endpoint.body), 1);
  const sender = await admin.does('ingestion', 'PUT', `/v1/reply-senders/${storySource}`, {
    body: { kind: 'webhook', url: receiver.urlOf(customersPath) },
  });
  receiver.expects(customersPath, secretIn(sender.body));
  // replicas look for newer promises every two seconds
  await new Promise((resolve) => setTimeout(resolve, 2_500));
}

const secretIn = (body: Record<string, unknown>): string => /whsec_[A-Za-z0-9+/=]+/.exec(JSON.stringify(body))![0];

/** The customer opens the link of the follow-up, and answers on the page. */
async function answers(receiver: Receiver, loopId: string, score: number, words?: string): Promise<void> {
  const link = await until(`the follow-up of ${loopId}`, () => {
    const asked = receiver.received.find(
      ({ path, data }) => path === customersPath && data?.['kind'] === 'follow-up' && data['loopId'] === loopId,
    );
    return /https?:\/\/\S+\/f\/[\w.~-]+/.exec(String(asked?.data?.['text']))?.[0];
  });
  const page = await fetch(link);
  if (!page.ok) throw new Error(`The page of the follow-up answered ${page.status}.`);
  const answered = await fetch(link, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ score: String(score), ...(words !== undefined && { words }) }),
  });
  if (!answered.ok) throw new Error(`The answer to the follow-up was answered ${answered.status}.`);
}
