import { type Route } from 'playwright-core';
import { expect, type Journey } from '../journey.js';

const many = 10_000;
const pageSize = 100;

/** A row as the loop service lists one. What is measured is the page: ten thousand loops would only keep the services busy. */
const row = (n: number) => ({
  ...{ loopId: `00000000-0000-5000-8000-${String(n).padStart(12, '0')}`, version: 1, cycle: 1, level: 0 },
  ...{ state: 'opened', team: 'support', priority: n % 7 === 0 ? 'high' : 'medium', waiting: false, closed: false },
  ...{ topics: ['billing/refund'], channel: 'review', historic: false },
  ...{ receivedAt: '2026-11-26T10:00:00Z', openedAt: '2026-11-26T10:00:00Z', dueAt: '2026-11-27T10:00:00Z' },
  glimpse: {
    ...{ feedbackId: `f-${n}`, title: `Title ${n}`, author: `Person ${n}`, rating: { value: 1, scale: 5 } },
    excerpt: 'I was charged twice for the same night and nobody answers my emails. I want my refund now.',
  },
});

async function list(route: Route): Promise<void> {
  const from = Number(new URL(route.request().url()).searchParams.get('cursor') ?? 0);
  const items = Array.from({ length: Math.min(pageSize, many - from) }, (_, n) => row(from + n));
  const cursor = from + pageSize < many ? { cursor: String(from + pageSize) } : {};
  await route.fulfill({ json: { items, ...cursor } });
}

/** Says how it moves; on a busy machine the times say nothing. */
export const longList: Journey = {
  name: 'ten thousand rows are scrolled, and some dozens of them drawn',
  async run({ platform, signIn, say }) {
    const page = await signIn({ sub: 'lea', roles: ['agent'], teams: ['support'] });
    await page.route(/\/api\/loop\/v1\/loops\?/, list);
    await page.goto(`${platform.urls.console}/inbox`);
    await page.locator('li[aria-posinset] a').first().waitFor();
    const firstRow = await page.evaluate(() => performance.now());
    const { drawn, frames } = await page.evaluate(async () => {
      const rows = document.querySelector('li[aria-posinset]')!.parentElement!;
      const viewport = rows.parentElement!;
      while (!document.querySelector('li[aria-setsize="10000"]')) {
        viewport.scrollTop = viewport.scrollHeight;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      viewport.scrollTop = 0;
      await new Promise((resolve) => setTimeout(resolve, 500));
      const gaps: number[] = [];
      let last = performance.now();
      for (let step = 0; step < 400; step++) {
        viewport.scrollTop += 600;
        const now = await new Promise<number>(requestAnimationFrame);
        gaps.push(now - last);
        last = now;
      }
      return { drawn: rows.children.length, frames: gaps.sort((a, b) => a - b) };
    });
    say(
      `  first row after ${firstRow.toFixed(0)} ms; ${drawn} rows drawn; a frame takes ${frames[200]!.toFixed(0)} ms (p50), ${frames[380]!.toFixed(0)} ms (p95)`,
    );
    expect(drawn < 60, `some dozens of rows are drawn, not ${drawn}`);
  },
};
