import { seriousFindings } from '../accessibility.js';
import { expect, type Journey } from '../journey.js';

/** With nothing there yet: to be run first. */
export const firstFeedback: Journey = {
  name: 'an admin sends the first feedback by what the page says',
  async run({ platform, signIn }) {
    const page = await signIn({ sub: 'root', roles: ['admin'] });
    await page.waitForURL('**/welcome');
    await page.getByText('Waiting for the first feedback').waitFor();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      const found = await seriousFindings(page);
      expect(found.length === 0, `axe finds nothing in ${colorScheme}: ${found.join('\n')}`);
    }
    await page.getByRole('button', { name: 'Make a key' }).click();
    const command = page.locator('pre', { hasText: 'clk_' });
    const said = (await command.textContent()) ?? '';
    const [, url = '', key = '', body = ''] = /curl -sS (\S+)[^]*Bearer (\S+)'[^]*-d '([^]*)'/.exec(said) ?? [];
    expect(url === `${platform.urls.ingestion}/v1/feedback`, `the command names ingestion: ${said}`);
    const response = await fetch(url, {
      ...{ method: 'POST', headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' }, body },
    });
    expect(response.status === 202, `what the page says is taken: ${response.status}`);
    await page.getByText('It has arrived').waitFor();
    await page.getByRole('link', { name: 'To the inbox' }).click();
    await page.getByRole('list', { name: 'Loops' }).getByRole('link').first().waitFor();
  },
};

/** The same page in another language, on a phone, and out again. */
export const phoneInGerman: Journey = {
  name: 'on a phone, in German, and signed out again',
  async run({ signIn }) {
    const page = await signIn(
      { sub: 'lena', roles: ['admin'] },
      { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, locale: 'de-DE' },
    );
    // who sees all comes to the overview first
    await page.waitForURL('**/overview');
    await page.goto(new URL('/inbox', page.url()).href);
    await page.getByRole('list', { name: 'Fälle' }).getByRole('link').first().tap();
    await page.getByText('Zurück zur Liste').waitFor();
    await page.getByRole('textbox', { name: 'Antwort' }).waitFor();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    expect(wide <= 0, `nothing is wider than the phone: ${wide} px`);
    const found = await seriousFindings(page);
    expect(found.length === 0, `axe finds nothing: ${found.join('\n')}`);
    await page.getByRole('button', { name: 'Konto und Darstellung' }).tap();
    await page.getByRole('menuitem', { name: 'Abmelden' }).tap();
    await page.waitForURL('**/sign-in');
    await page.goto(new URL('/inbox', page.url()).href);
    await page.waitForURL('**/sign-in?return=%2Finbox');
  },
};
