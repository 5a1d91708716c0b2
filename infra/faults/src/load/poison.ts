import { feedbackIdOf } from '@closeloop/contracts';
import { type Random } from '../random.js';
import { type Step } from './step.js';

const sound = { channel: 'survey', text: 'Where is my baggage now?' };
const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;

/** What HTTP must refuse with 4xx, of which nothing may ever be found. `alone`: it spoils the whole request. */
const refused: readonly { readonly alone?: true; readonly body: (named: object) => string }[] = [
  { alone: true, body: (named) => JSON.stringify({ ...named, ...sound }).slice(0, -1) },
  { alone: true, body: (named) => `${JSON.stringify({ ...named, ...sound })}\u0001` },
  { alone: true, body: (named) => `{"deep":${deep(20_000)},${JSON.stringify({ ...named, ...sound }).slice(1)}` },
  { alone: true, body: (named) => JSON.stringify({ ...named, ...sound, text: 'x'.repeat(2 * 1024 * 1024) }) },
  { body: (named) => JSON.stringify({ ...named, text: 'There is no channel.' }) },
  { body: (named) => JSON.stringify({ ...named, channel: 'pigeon', text: 'A channel that is none.' }) },
  { body: (named) => JSON.stringify({ ...named, channel: 'survey' }) },
  { body: (named) => JSON.stringify({ ...named, ...sound, rating: { value: 3000, scale: 5 } }) },
  { body: (named) => JSON.stringify({ ...named, ...sound, surprise: true }) },
  { body: (named) => JSON.stringify({ ...named, ...sound, text: 'NUL \u0000 here' }) },
  { body: (named) => JSON.stringify({ ...named, ...sound }).replace('Where', '\\ud800') },
  { body: (named) => JSON.stringify({ ...named, ...sound, text: 'x'.repeat(20_001) }) },
  { body: (named) => JSON.stringify({ ...named, ...sound, updatedAt: 'yesterday' }) },
  { body: (named) => JSON.stringify({ ...named, ...sound, source: 'somebody-else' }) },
  { body: () => JSON.stringify({ kind: 'deleted', channel: 'survey' }) },
];

export function poisonOf(random: Random, source: string, externalId: string): Step {
  const { body, alone = false } = random.pick(refused);
  return {
    body: body({ externalId }),
    alone,
    key: '',
    notes: { source, kind: 'poison', feedbackId: feedbackIdOf(source, externalId) },
  };
}

/** What ingestion must put aside as a dead letter. */
const unacceptable: readonly { readonly headers?: Record<string, string>; readonly body: (named: object) => string }[] =
  [
    { body: () => 'not JSON at all' },
    { body: (named) => JSON.stringify({ ...named, ...sound }).slice(0, -2) },
    { body: (named) => JSON.stringify({ ...named, channel: 'pigeon' }) },
    { body: (named) => JSON.stringify({ ...named, channel: 'survey' }) },
    { body: (named) => JSON.stringify({ ...named, ...sound, text: 'NUL \u0000 here' }) },
    { body: (named) => `{"deep":${deep(5_000)},${JSON.stringify({ ...named, ...sound }).slice(1)}` },
    { body: (named) => JSON.stringify({ ...named, ...sound }), headers: { ce_type: 'something.else.v1' } },
    { body: (named) => JSON.stringify({ ...named, ...sound }), headers: { ce_specversion: '0.1' } },
  ];

export function inboundPoisonOf(random: Random, source: string, externalId: string): Step {
  const { body, headers } = random.pick(unacceptable);
  return {
    body: body({ source, externalId }),
    key: JSON.stringify([source, externalId]),
    ...(headers && { headers }),
    notes: { source, kind: 'poison', feedbackId: feedbackIdOf(source, externalId) },
  };
}
