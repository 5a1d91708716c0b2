import { parentPort, workerData } from 'node:worker_threads';
import { packExamples } from './domain/own/examples.js';
import { learnOwn } from './domain/own/learn-own.js';
import { ordinaryTexts } from './domain/own/ordinary.js';
import type { OwnModel } from './domain/own/own-model.js';
import { tryOwn } from './domain/own/try-own.js';
import { ModelTagger } from './domain/model-tagger.js';
import { KnownLanguage } from './infrastructure/known-language.js';
import type { LearnResult, LearnTask } from './infrastructure/learn-task.js';
import { decodeParts, encodeParts, versionOf } from './infrastructure/own-model.js';
import { shippedKnowledge } from './infrastructure/shipped-knowledge.js';

/** A thread of the learning program: it learns once and ends, so that nobody waits for it and its memory is given back. */

function learn({ topicPacks, active, lessons, rated }: LearnTask): LearnResult {
  const knowledge = shippedKnowledge(topicPacks);
  const language = new KnownLanguage(knowledge.language);
  const shipped = new ModelTagger(knowledge, language.detect);
  const own: OwnModel | undefined = active && {
    ...decodeParts(new Map([...active.parts].map(([name, bytes]) => [name, Buffer.from(bytes)]))),
    version: active.version,
  };
  const ordinary = ordinaryTexts(knowledge.plain, knowledge.topics, knowledge.intents, (feedback) => {
    language.known = 'en';
    return shipped.tag(feedback);
  });
  const exact = learnOwn(lessons, rated, {
    lexicon: knowledge.lexicon,
    baseOf: (tokens) => shipped.baseOf(tokens),
    packs: packExamples(knowledge.topics, knowledge.intents),
    ordinary,
  });
  // As it will be read: in eight bits.
  const learned = decodeParts(encodeParts(exact));
  const { parts, trials, better } = tryOwn(own, learned, lessons, rated, ordinary, (tried) => {
    const tagger = shipped.withOwn(tried && { version: 'tried', ...tried });
    return ({ feedback, language: known }) => {
      language.known = known;
      return tagger.tag(feedback);
    };
  });
  const encoded = encodeParts(parts);
  return { base: knowledge.name, version: versionOf(knowledge.name, encoded), parts: encoded, trials, better };
}

parentPort!.postMessage(learn(workerData as LearnTask));
