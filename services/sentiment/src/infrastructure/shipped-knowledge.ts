import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Knowledge } from '../domain/model-tagger.js';
import {
  BadPack,
  intentPackOf,
  plainPackOf,
  spamPackOf,
  topicPackOf,
  urgencyPackOf,
  type TopicPack,
} from '../domain/topics/packs.js';
import { afinnLexicon, lexiconName } from './afinn.lexicon.js';
import { readModels } from './model-files.js';
import { modelFolder, packFolder } from './shipped-files.js';

/** Packs of topics that ship, by name. */
export const shippedTopicPacks = ['travel', 'software', 'retail', 'restaurants', 'banking'] as const;

const jsonOf = (file: string): unknown => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new BadPack(`${file}: ${(error as Error).message}`, { cause: error });
  }
};

/**
 * A pack by the name of one that ships, or by the path of a JSON file.
 * @throws BadPack where it cannot be read, or is not as it must be
 */
function topicPack(name: string): TopicPack {
  const shipped: readonly string[] = shippedTopicPacks;
  const file = shipped.includes(name) ? join(packFolder, 'topics', `${name}.json`) : name;
  return topicPackOf(jsonOf(file), file);
}

/**
 * The models and packs that ship, with those packs of topics.
 * @throws BadPack, or Error where a model is not whole
 */
export function shippedKnowledge(topicPacks: readonly string[] = shippedTopicPacks): Knowledge {
  const [intents, urgency, spam, plain] = ['intents', 'urgency', 'spam', 'plain'].map((name) =>
    join(packFolder, `${name}.json`),
  );
  return {
    ...readModels(modelFolder),
    lexicon: afinnLexicon,
    lexiconName,
    topics: topicPacks.map(topicPack),
    intents: intentPackOf(jsonOf(intents!), intents!),
    urgency: urgencyPackOf(jsonOf(urgency!), urgency!),
    spam: spamPackOf(jsonOf(spam!), spam!),
    plain: plainPackOf(jsonOf(plain!), plain!),
  };
}
