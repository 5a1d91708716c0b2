import { describe, expect, it } from '@jest/globals';
import { shippedKnowledge, shippedTopicPacks } from '../../infrastructure/shipped-knowledge.js';
import { intentPackOf, spamPackOf, topicPackOf, urgencyPackOf } from './packs.js';

const topic = { name: 'billing/refund', phrases: ['refund'] };
const pack = { name: 'own', version: 1, topics: [topic] };

describe('packs', () => {
  it('that ship are as they must be', () => {
    const { topics, intents, urgency } = shippedKnowledge();
    expect(topics.map(({ name }) => name)).toEqual(shippedTopicPacks);
    expect(intents.intents.length).toBeGreaterThan(0);
    expect(urgency.reasons.length).toBeGreaterThan(0);
  });

  it.each([
    [[], 'file must be an object'],
    [{ ...pack, version: '1' }, 'file: version must be a whole number'],
    [{ ...pack, topics: {} }, 'file: topics must be a list'],
    [{ ...pack, topics: ['x'] }, 'file: topics[0] must be an object'],
    [{ ...pack, topics: [{ ...topic, name: 'Billing' }] }, 'file: topics[0].name must be one or two parts'],
    [{ ...pack, topics: [{ ...topic, name: 'a/b/c' }] }, 'file: topics[0].name must be one or two parts'],
    [{ ...pack, topics: [topic, topic] }, 'file: topics[1].name is there twice: billing/refund'],
    [{ ...pack, topics: [{ name: 'a', phrases: 'x' }] }, 'file: topics[0].phrases must be a list of strings'],
    [
      { ...pack, topics: [{ name: 'a', phrases: ['...'] }] },
      'file: topics[0].phrases[0] must be a string with a letter',
    ],
    [{ ...pack, topics: [{ ...topic, examples: 'x' }] }, 'file: topics[0].examples must be a list of strings'],
    [{ version: 1, topics: [topic] }, 'file: name must be a string'],
  ])('given %j: says where and what', (given, told) => {
    expect(() => topicPackOf(given, 'file')).toThrow(told);
  });

  it('of intents, urgency and spam know their names and phrases', () => {
    expect(() => spamPackOf([], 'file')).toThrow('file must be an object');
    expect(() => spamPackOf({ phrases: ['a', 3] }, 'file')).toThrow('file.phrases[1] must be a string with a letter');
    expect(() => intentPackOf({ version: 1, intents: [{ name: 'rant', phrases: [] }] }, 'file')).toThrow(
      'file: intents[0].name must be one of complaint',
    );
    expect(() => urgencyPackOf({ version: 1, reasons: [{ name: 'a', level: 'huge', phrases: [] }] }, 'file')).toThrow(
      'file: reasons[0].level must be one of low',
    );
  });
});
