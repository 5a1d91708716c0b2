import type { Feedback, Tags } from '@closeloop/contracts';
import { routeFeedback } from './domain/route-feedback.js';
import { compileSaved, type RuleDefinition, type RuleSet } from './domain/rule-set.js';
import { RuleIndex } from './domain/rule-index.js';
import { seedRules } from './infrastructure/migrations/seed.js';

/**
 * Says how much processor time it takes to route a feedback: `node services/routing/dist/measure-rules.js`. By the seed and by 500 rules,
 * short texts and the longest; with the index on equality tests and without.
 */
const channels = ['review', 'social', 'survey', 'chat', 'email', 'phone', 'sms', 'in-store'] as const;
const labels = ['negative', 'neutral', 'positive', 'mixed'] as const;
const words =
  'the flight was late and nobody told us why our bag is still in Oslo thank you for nothing dear crew'.split(' ');

const textOf = (length: number, at: number): string => {
  let text = '';
  for (let word = at; text.length < length; word += 7) text += `${words[word % words.length]!} `;
  return text.slice(0, length);
};

const subjects = (length: number): { feedback: Feedback; tags: Tags }[] =>
  Array.from({ length: 400 }, (_, at) => ({
    feedback: {
      ...{
        feedbackId: '00000000-0000-5000-8000-000000000001',
        revision: 1,
        kind: 'created',
        contentHash: 'a'.repeat(64),
      },
      ...{
        source: 'measure',
        channel: channels[at % channels.length]!,
        receivedAt: '2026-11-26T10:00:00Z',
        historic: false,
      },
      ...{ text: textOf(length, at), product: `product-${at % 300}` },
    },
    tags: {
      language: { tag: 'en', confidence: 1 },
      sentiment: { label: labels[at % labels.length]!, score: 0, confidence: 0.7 },
      topics: [{ name: 'baggage/lost', confidence: 0.8 }],
      ...{ model: 'measure', taggedBy: 'model' },
    },
  }));

/** As large companies have them: most are about one product or channel, a fifth looks into the text. None matches. */
const manyRules = Array.from({ length: 500 }, (_, at): RuleDefinition => {
  const kinds = [
    `feedback.product == "other-${at}" && tags.sentiment.label == "negative"`,
    `feedback.channel == "${channels[at % channels.length]!}" && feedback.product in ["a-${at}", "b-${at}"]`,
    `tags.sentiment.label == "negative" && feedback.location == "place-${at}"`,
    `tags.topics.exists(t, t.name == "topic-${at}")`,
    `feedback.text.matches(r"(?i)\\b(?:word${at}|other${at})\\b")`,
  ];
  return {
    ...{
      name: `rule-${at}`,
      when: kinds[at % kinds.length]!,
      team: 'support',
      priority: 'medium',
      slaPolicy: 'standard',
    },
    ...{ labels: [], loop: 'open', includeHistoric: false },
  };
});

const withoutIndex = (ruleSet: RuleSet): RuleSet => ({
  ...ruleSet,
  index: new RuleIndex(ruleSet.rules.map(() => ({ equalities: [] }))),
});

function microseconds(ruleSet: RuleSet, length: number): number {
  const given = subjects(length);
  const route = ({ feedback, tags }: (typeof given)[number]) => {
    routeFeedback(ruleSet, feedback, tags, (_, error) => {
      throw error;
    });
  };
  for (const subject of given) route(subject);
  const [rounds, begun] = [length > 1_000 ? 1 : 20, process.cpuUsage()];
  for (let round = 0; round < rounds; round++) for (const subject of given) route(subject);
  // Processor time: a machine that others use, too, says the same.
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / (rounds * given.length);
}

for (const [name, rules] of [
  ['the seed', seedRules],
  ['500 rules', manyRules],
] as const) {
  const ruleSet = compileSaved(1, rules);
  for (const length of [140, 1_000, 20_000]) {
    const [indexed, plain] = [microseconds(ruleSet, length), microseconds(withoutIndex(ruleSet), length)];
    process.stdout.write(
      `${name}, ${length} characters: ${indexed.toFixed(1)} µs, without the index ${plain.toFixed(1)} µs\n`,
    );
  }
}
