import { seriousFindings } from '../accessibility.js';
import { expect, type Journey } from '../journey.js';

/** Whoever has a loop, whatever the rules say of it. */
const teams = ['triage', 'support', 'operations', 'billing', 'product', 'marketing'];

/** An agent answers a customer without the mouse, from the list to resolved. */
export const agentAnswers: Journey = {
  name: 'an agent takes, answers and resolves a loop by the keyboard',
  async run({ platform, signIn, hear }) {
    const { loopId } = await hear({
      ...{ channel: 'review', title: 'Charged twice', rating: { value: 1, scale: 5 } },
      text: 'I was charged twice for the same night and nobody answers my emails. I want my refund now.',
      author: { externalId: 'e2e-tom', name: 'Tom B.' },
    });
    const person = { sub: 'ann', roles: ['agent'], teams } as const;
    const page = await signIn(person);
    await page.goto(`${platform.urls.console}/inbox?state=todo&q=charged+twice`);
    await page.getByRole('link', { name: /Tom B\./ }).waitFor();

    await page.keyboard.press('j');
    await page.waitForURL(`**/inbox/${loopId}?*`);
    const detail = page.getByRole('region', { name: 'Loop', exact: true });
    // what weighed in the tags is marked in the words
    await detail.locator('mark', { hasText: 'charged' }).first().waitFor();
    await detail.getByText('money-complaint').waitFor();
    const found = await seriousFindings(page);
    expect(found.length === 0, `axe finds nothing: ${found.join('\n')}`);

    await page.keyboard.press('a');
    await detail.getByText(/owned by ann/).waitFor();

    await page.keyboard.press('r');
    await page.keyboard.type('Dear Tom, you get the second charge back by tomorrow.');
    await detail.getByText('Draft saved').waitFor();
    await page.keyboard.press('Control+Enter');
    await detail.getByText('Delivered').waitFor();

    await page.keyboard.press('Escape');
    await page.keyboard.press('e');
    await detail.getByText('Resolved', { exact: true }).first().waitFor();
    const loop = await loopOf(platform.urls.loop, loopId, await platform.token(person));
    expect(loop.state === 'resolved' && loop.owner === 'ann', `it is resolved by ann: ${JSON.stringify(loop)}`);
  },
};

/** Two people want the same: one succeeds, the other is told what happens. */
export const twoCollide: Journey = {
  name: 'two agents answer at once: the second is told who writes',
  async run({ platform, signIn, hear }) {
    const { loopId } = await hear({
      ...{ channel: 'review', rating: { value: 1, scale: 5 }, author: { externalId: 'e2e-eve', name: 'Eve K.' } },
      text: 'The refund for my order never came, and support does not answer.',
    });
    const address = `${platform.urls.console}/inbox/${loopId}`;
    const first = await signIn({ sub: 'ann', roles: ['agent'], teams });
    await first.goto(address);
    await first.getByRole('textbox', { name: 'Answer' }).fill('Dear Eve, we look into it.');
    await first.getByText('Draft saved').waitFor();

    const second = await signIn({ sub: 'bob', roles: ['agent'], teams });
    await second.goto(address);
    await second.getByText('ann is writing an answer.').waitFor();
    await second.getByRole('textbox', { name: 'Answer' }).fill('Hello Eve!');
    await second.getByText('ann began to answer before you.').waitFor();
    await second.getByRole('button', { name: 'Send' }).click();
    await second.getByText('ann is answering').waitFor();

    await first.getByRole('button', { name: 'Send' }).click();
    await first.getByText('Delivered').waitFor();
    const { owner } = await loopOf(platform.urls.loop, loopId, await platform.token({ sub: 'eva', roles: ['admin'] }));
    expect(owner === 'ann', `the loop is ann's, not ${owner}'s`);
  },
};

async function loopOf(url: string, loopId: string, token: string): Promise<{ state: string; owner?: string }> {
  const response = await fetch(`${url}/v1/loops/${loopId}`, { headers: { authorization: `Bearer ${token}` } });
  return (await response.json()) as { state: string; owner?: string };
}
