import { type Page } from 'playwright-core';
import { seriousFindings } from '../accessibility.js';
import { expect, type Journey } from '../journey.js';

const manager = { sub: 'mia', roles: ['manager'] } as const;
const tabs = [
  ...['', 'loops', 'scores', 'topics', 'drivers', 'emerging', 'journey', 'teams', 'channels', 'improvements'],
] as const;

/** Nothing is on its way any more. */
async function settled(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.waitForFunction(
    () => document.querySelectorAll('.mantine-Loader-root, .mantine-Skeleton-root').length === 0,
  );
}

/** A manager looks at everything there is, in the dark and in the light, and goes from a number to the loop behind it. */
export const numbersOpenLoops: Journey = {
  name: 'a manager goes through the overview, and from a number to its loops',
  async run({ platform, signIn, hear, say }) {
    const { loopId } = await hear({
      ...{ channel: 'review', rating: { value: 1, scale: 5 }, touchpoint: 'front desk', product: 'Grand Hotel' },
      text: 'Nobody was at the front desk for an hour, and the room was dirty.',
      author: { externalId: 'e2e-una', name: 'Una M.' },
    });
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await signIn(manager, { colorScheme });
      for (const tab of tabs) {
        await page.goto(`${platform.urls.console}/overview/${tab}`);
        await settled(page);
        if (tab === '' && colorScheme === 'light') {
          const [interactive, scripts] = await page.evaluate(() => [
            performance.now(),
            performance
              .getEntriesByType('resource')
              .filter(({ name }) => name.endsWith('.js'))
              .reduce((sum, entry) => sum + (entry as PerformanceResourceTiming).encodedBodySize, 0),
          ]);
          say(`  all numbers after ${interactive!.toFixed(0)} ms; ${(scripts! / 1000).toFixed(0)} kB of script`);
        }
        const found = await seriousFindings(page);
        expect(found.length === 0, `axe finds nothing on ${tab || 'summary'} in ${colorScheme}: ${found.join('\n')}`);
      }
    }
    const page = await signIn(manager);
    await page.goto(`${platform.urls.console}/overview`);
    // the event has to be counted first
    const volume = page.getByRole('button', { name: /^Feedback .*show the feedback behind it/ });
    await volume.waitFor();
    await volume.click();
    const drawer = page.getByRole('dialog');
    await drawer.getByText(/Nobody was at the front desk/).waitFor();
    await drawer.locator(`a[href*="${loopId}"]`).first().click();
    await page.waitForURL(`**/inbox/${loopId}*`);

    await page.goto(`${platform.urls.console}/overview`);
    await settled(page);
    await page
      .getByRole('button', { name: /: export$/ })
      .first()
      .click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: 'Download CSV' }).click(),
    ]);
    expect(download.suggestedFilename().endsWith('.csv'), `a CSV file comes: ${download.suggestedFilename()}`);
  },
};

/** What comes in while somebody looks is there without their doing. */
export const comesByItself: Journey = {
  name: 'what is said while an agent looks at the inbox is there by itself',
  async run({ platform, signIn, hear }) {
    const page = await signIn({
      ...{ sub: 'liv', roles: ['agent'] },
      teams: ['triage', 'support', 'operations', 'billing', 'product', 'marketing'],
    });
    // from here on the list is not asked for again from time to time
    const [stream] = await Promise.all([
      page.waitForResponse((response) => response.url().includes('/api/insights/v1/changes')),
      page.goto(`${platform.urls.console}/inbox?state=todo`),
    ]);
    expect(stream.status() === 200, `changes are streamed: ${stream.status()}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await hear({
      ...{ channel: 'review', rating: { value: 1, scale: 5 }, author: { externalId: 'e2e-zoe', name: 'Zoe Q.' } },
      text: 'My parcel never came and nobody answers. I want my money back.',
    });
    await page.getByRole('link', { name: /Zoe Q\./ }).waitFor({ timeout: 10_000 });
  },
};
