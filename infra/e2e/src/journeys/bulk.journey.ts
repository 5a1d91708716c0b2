import { expect, type Journey } from '../journey.js';

/** Many at once, and taken back in time. */
export const bulkWithUndo: Journey = {
  name: 'what was selected together is undone together, and filters stand in the address',
  async run({ platform, signIn, hear }) {
    const text = 'The app crashes whenever I open the invoice';
    for (const name of ['Bea One', 'Bea Two', 'Bea Three']) {
      await hear({
        ...{ channel: 'review', text, rating: { value: 1, scale: 5 } },
        author: { externalId: name, name },
      });
    }
    const page = await signIn({ sub: 'mia', roles: ['admin'] });
    await page.goto(`${platform.urls.console}/inbox`);
    await page.getByRole('list', { name: 'Loops' }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type(text);
    await page.keyboard.press('Enter');
    await page.waitForURL(/[?&]q=The\+app\+crashes/);
    await page.getByText('3 loops', { exact: true }).waitFor();

    await page.keyboard.press('Escape');
    for (const at of [1, 2, 3]) {
      await page.keyboard.press('j');
      await page.locator(`li[data-current][aria-posinset="${at}"]`).waitFor();
      await page.keyboard.press('x');
    }
    await page.getByText('3 selected').waitFor();
    await page.keyboard.press('a');
    await page.getByText('3 loops acknowledged').waitFor();
    await page.keyboard.press('u');
    await page.getByText('3 loops acknowledged').waitFor({ state: 'hidden' });

    const acknowledged = page.getByRole('list', { name: 'Loops' }).getByText('Acknowledged', { exact: true });
    expect((await acknowledged.count()) === 0, 'nothing that was undone was done');
    await page.getByRole('checkbox', { name: 'Select all that are shown' }).check();
    await page.getByRole('toolbar').getByRole('button', { name: 'Acknowledge' }).click();
    await page.getByText('3 loops acknowledged').waitFor({ state: 'hidden' });
    await acknowledged.nth(2).waitFor();
  },
};
