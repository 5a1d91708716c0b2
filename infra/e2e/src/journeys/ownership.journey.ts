import { seriousFindings } from '../accessibility.js';
import { expect, type Journey } from '../journey.js';

/** Whose insights about a part of the experience are: a manager says it, an agent reads it. */
export const ownershipSaid: Journey = {
  name: 'a manager says who owns what',
  async run({ platform, signIn }) {
    const page = await signIn({ sub: 'mia', roles: ['manager'] });
    await page.goto(`${platform.urls.console}/insights`);
    await page.getByRole('link', { name: 'Who owns what' }).click();
    await page.waitForURL('**/ownership');
    await page.getByRole('button', { name: 'Add a rule' }).click();
    await page.getByRole('textbox', { name: '1: Topic' }).fill('billing/refund');
    await page.getByRole('combobox', { name: '1: Team' }).selectOption('billing');
    const found = await seriousFindings(page);
    expect(found.length === 0, `axe finds nothing: ${found.join('\n')}`);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    await page.reload();
    const kept = await page.getByRole('textbox', { name: '1: Topic' }).inputValue();
    expect(kept === 'billing/refund', `the rule is kept: ${kept}`);

    const read = await signIn({ sub: 'ann', roles: ['agent'], teams: ['billing'] });
    await read.goto(`${platform.urls.console}/ownership`);
    await read.getByRole('cell', { name: 'billing/refund' }).waitFor();
    expect((await read.getByRole('button', { name: 'Save' }).count()) === 0, 'an agent changes nothing');
  },
};
