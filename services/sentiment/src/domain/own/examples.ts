import type { IntentName } from '@closeloop/contracts';
import type { IntentPack, TopicPack } from '../topics/packs.js';
import { writtenOf } from '../text/written-text.js';
import { isHeldBack, type Lesson } from './lesson.js';
import { noIntent } from './own-model.js';

/** A text, and all the topics that it speaks of. */
export interface TopicExample {
  readonly text: string;
  readonly topics: readonly string[];
}

/** A text, and what it is for. */
export interface IntentExample {
  readonly text: string;
  readonly intent: IntentName | typeof noIntent;
}

export interface Examples {
  readonly topics: readonly TopicExample[];
  readonly intents: readonly IntentExample[];
}

/** Of the packs. One that stands under several topics speaks of all of them. */
export function packExamples(packs: readonly TopicPack[], { intents }: IntentPack): Examples {
  const topics = new Map<string, string[]>();
  for (const { name, examples = [] } of packs.flatMap((pack) => pack.topics)) {
    for (const text of examples) topics.set(text, [...(topics.get(text) ?? []), name]);
  }
  return {
    topics: [...topics].map(([text, names]) => ({ text, topics: names })),
    intents: intents.flatMap(({ name, examples = [] }) => examples.map((text) => ({ text, intent: name }))),
  };
}

/** Of what people have said, those held back left out. */
export function lessonExamples(lessons: readonly Lesson[]): Examples {
  const known = lessons.filter(({ feedback }) => !isHeldBack(feedback));
  return {
    topics: known.flatMap(({ feedback, said: { topics } }) =>
      topics === undefined ? [] : [{ text: writtenOf(feedback), topics: topics.map(({ name }) => name) }],
    ),
    intents: known.flatMap(({ feedback, said: { intent } }) =>
      intent === undefined ? [] : [{ text: writtenOf(feedback), intent: intent ?? noIntent }],
    ),
  };
}
