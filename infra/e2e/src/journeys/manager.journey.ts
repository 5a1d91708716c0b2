import { seriousFindings } from '../accessibility.js';
import { expect, type Journey } from '../journey.js';

const manager = { sub: 'mia', roles: ['manager'] } as const;

/** A manager writes a rule, is told what is wrong with it, tries it on what was said, and lets it decide. */
export const ruleGoesLive: Journey = {
  name: 'a manager drafts a rule, tries it, and activates it',
  async run({ platform, signIn, hear }) {
    const { feedbackId } = await hear({
      ...{ channel: 'review', rating: { value: 2, scale: 5 }, author: { externalId: 'e2e-ida', name: 'Ida S.' } },
      text: 'The sauna was dirty and nobody was at the spa desk. I want my money back.',
    });
    const page = await signIn(manager);
    await page.goto(`${platform.urls.console}/rules`);
    await page.getByRole('button', { name: 'Draft from it' }).first().click();
    await page.waitForURL('**/rules/draft-*');

    await page.getByRole('button', { name: 'Add a rule' }).click();
    const condition = page.getByRole('textbox', { name: /Condition of/ });
    await condition.pressSequentially('feedback.text.contains("sauna") && tags.sentiment.labl');
    // errors stand where they are, with the nearest name
    await page.getByText(/did you mean label/).waitFor();
    for (let at = 0; at < 'labl'.length; at++) await condition.press('Backspace');
    // completed: the field, then one of the texts that it can have
    await condition.pressSequentially('lab');
    await page.getByRole('option', { name: /label/ }).waitFor();
    await condition.press('Enter');
    await condition.pressSequentially(' != "pos');
    await page.getByRole('option', { name: /positive/ }).waitFor();
    await condition.press('Enter');
    await condition.pressSequentially('"');
    expect(
      (await condition.inputValue()) === 'feedback.text.contains("sauna") && tags.sentiment.label != "positive"',
      `it is completed: ${await condition.inputValue()}`,
    );
    await page.getByRole('textbox', { name: 'Name' }).fill('sauna');
    const found = await seriousFindings(page);
    expect(found.length === 0, `axe finds nothing: ${found.join('\n')}`);
    // the first that matches decides
    const up = page.getByRole('button', { name: 'sauna: up' });
    while (await up.isEnabled()) await up.click();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Activate' }).waitFor();

    await page.getByText('Try', { exact: true }).click();
    await page.getByRole('button', { name: 'Try it' }).click();
    await page.getByText(/^Of \d/).waitFor();
    await page.getByRole('cell', { name: 'sauna', exact: true }).waitFor();

    await page.getByText('Explain', { exact: true }).click();
    await page.getByRole('textbox', { name: 'A feedback that was received' }).fill(feedbackId);
    await page.getByRole('button', { name: 'Explain', exact: true }).click();
    await page.getByText(/by the rule sauna/).waitFor();

    await page.getByRole('textbox', { name: 'Reason' }).fill('the sauna has a rule of its own');
    await page.getByRole('button', { name: 'Activate' }).click();
    await page.getByRole('heading', { name: 'Version 2' }).waitFor();
    const response = await fetch(`${platform.urls.routing}/v1/rule-sets/active`, {
      headers: { authorization: `Bearer ${await platform.token(manager)}` },
    });
    const { version, rules } = (await response.json()) as { version: number; rules: { name: string }[] };
    expect(version === 2 && rules[0]?.name === 'sauna', `it decides: ${version}, ${rules[0]?.name}`);
  },
};

/** A manager says what is right of the tags, sees it counted, and where the feedback has been. */
export const tagsCorrected: Journey = {
  name: 'a manager corrects tags and sees the way of a feedback',
  async run({ platform, signIn, hear }) {
    const { feedbackId } = await hear({
      ...{ channel: 'review', rating: { value: 1, scale: 5 }, author: { externalId: 'e2e-max', name: 'Max P.' } },
      text: 'Well, that went great. I was charged twice and the refund never came.',
    });
    const page = await signIn(manager);
    await page.goto(`${platform.urls.console}/tags/${feedbackId}`);
    await page.getByRole('combobox', { name: 'Intent' }).selectOption({ label: 'Threat to leave' });
    await page.getByRole('checkbox', { name: 'Topics: is right' }).check();
    const found = await seriousFindings(page);
    expect(found.length === 0, `axe finds nothing: ${found.join('\n')}`);
    await page.getByRole('button', { name: 'Save the correction' }).click();
    await page.getByText(/Intent: Threat to leave/).waitFor();

    await page.goto(`${platform.urls.console}/tags`);
    await page.getByRole('img', { name: /^Accuracy by week/ }).waitFor();

    await page.goto(`${platform.urls.console}/operations/trace/${feedbackId}`);
    // what the person said settled it last: the tagger is not on that way
    for (const group of ['closeloop.routing', 'closeloop.loop', 'closeloop.ingestion']) {
      await page.getByRole('cell', { name: group, exact: true }).first().waitFor();
    }
    await page.goto(`${platform.urls.console}/operations`);
    await page.getByRole('row', { name: /^routing Ready/ }).waitFor();
    await page.getByRole('row', { name: /^learning Ready/ }).waitFor();
  },
};
