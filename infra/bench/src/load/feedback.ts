import { readFile } from 'node:fs/promises';
import { type FeedbackInput } from '@closeloop/contracts';

/** Name of the source that all feedback of a run comes from. */
export const source = 'bench';

/** Shorter ones may be judged as saying nothing, and open no loop. */
const leastCharacters = 40;

/**
 * What customers wrote: the texts of a JSONL file of `{text}`, where it is there, else ones made of a complaint's usual parts. The same ones
 * each time.
 */
export async function readTexts(file: string): Promise<readonly string[]> {
  const lines = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (lines === undefined) return madeTexts();
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { text: string }).text)
    .filter((text) => text.length >= leastCharacters);
}

function madeTexts(): string[] {
  const whose = ['My flight', 'Our booking', 'The delivery', 'My suitcase', 'The app', 'Your website', 'The room'];
  const what = ['was delayed for hours', 'was cancelled', 'arrived broken', 'is still missing', 'does not work at all'];
  const then = ['and nobody answers the telephone', 'and I want my money back', 'and no one told us', 'once again'];
  const end = ['Very disappointed.', 'What is going on?', 'Never again!', 'Please help me with this.'];
  return whose.flatMap((a) => what.flatMap((b) => then.flatMap((c) => end.map((d) => `${a} ${b} ${c}. ${d}`))));
}

/**
 * Some 400 bytes as JSON. Each is another customer's and gives one or two stars of five, so that each opens one loop of its own, whatever
 * its text says. `phase` keeps ids apart.
 */
export function feedbackOf(texts: readonly string[], phase: string, index: number): FeedbackInput {
  return {
    externalId: `${phase}-${index}`,
    channel: 'social',
    text: texts[index % texts.length]!,
    rating: { value: 1 + (index % 2), scale: 5 },
    author: { externalId: `author-${phase}-${index}`, name: 'Ada Lovelace', handle: '@ada' },
    customerKey: `customer-${phase}-${index}`,
    product: `product-${index % 150}`,
    ...{ touchpoint: 'checkout', journeyStage: 'support', location: `location-${index % 300}` },
    occurredAt: new Date(Date.UTC(2026, 0, 1) + index * 1000).toISOString(),
  };
}

/** Bodies of requests with so many feedback each; of one: the feedback itself, not an array. */
export function bodiesOf(texts: readonly string[], phase: string, count: number, perRequest: number): Buffer[] {
  return Array.from({ length: Math.ceil(count / perRequest) }, (_, request) => {
    const first = request * perRequest;
    const inputs = Array.from({ length: Math.min(perRequest, count - first) }, (_, at) =>
      feedbackOf(texts, phase, first + at),
    );
    return Buffer.from(JSON.stringify(perRequest === 1 ? inputs[0] : inputs));
  });
}
