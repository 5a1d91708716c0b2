import type { Tags } from '@closeloop/contracts';
import type { TagCorrection } from './correct-tags.js';

/** What tags say, in names and plain values. */
export type TagFacts = Readonly<Record<string, string | boolean | null | readonly string[]>>;

/** Of tags as they stand, what a correction speaks of. */
export function factsOf(tags: Tags, said: TagCorrection): TagFacts {
  const all: Record<keyof TagCorrection, TagFacts[string]> = {
    language: tags.language.tag,
    sentiment: tags.sentiment?.label ?? null,
    emotions: tags.emotions?.map(({ name }) => name) ?? [],
    topics: tags.topics?.map(({ name, sentiment }) => (sentiment ? `${name} ${sentiment.label}` : name)) ?? [],
    intent: tags.intent?.name ?? null,
    urgency: tags.urgency?.level ?? null,
    spamOrEmpty: tags.spamOrEmpty ?? false,
  };
  const names = Object.keys(said) as (keyof TagCorrection)[];
  return Object.fromEntries(names.map((name) => [name, all[name]]));
}
