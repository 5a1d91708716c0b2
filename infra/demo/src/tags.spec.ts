import type { Feedback, Tags } from '@closeloop/contracts';
import { describe, expect, it } from '@jest/globals';
import { countTags, tagsInWords } from './tags.js';

const tagged = (text: string, tags: Partial<Tags>) => ({
  feedback: { text } as Feedback,
  tags: { language: { tag: 'en', confidence: 0.99 }, model: 'spec@1', taggedBy: 'model' as const, ...tags },
});
const rude = tagged('A rude waiter', {
  sentiment: { label: 'negative', score: -0.9, confidence: 0.91 },
  topics: [{ name: 'service/staff', confidence: 0.6, sentiment: { label: 'negative', score: -0.9, confidence: 0.9 } }],
  intent: { name: 'complaint', confidence: 0.9 },
  urgency: { level: 'high', reasons: ['legal'], confidence: 0.7 },
  evidence: [{ field: 'text', start: 2, end: 6, weight: -0.8 }],
});

describe('tags in words', () => {
  it('are what was seen, how sure that is, and by which words', () => {
    expect(tagsInWords(rude)).toBe('en 99 % · negative 91 % · complaint · service/staff − · high: legal · by “rude”');
  });

  it('say where the tagger says nothing', () => {
    expect(tagsInWords(tagged('Ciao', { language: { tag: 'it', confidence: 0.9 } }))).toBe('it 90 % · abstains');
    expect(tagsInWords(tagged('', { spamOrEmpty: true }))).toBe('says nothing');
  });

  it('are counted', () => {
    expect(countTags([rude, rude, tagged('Ciao', {})])).toEqual({
      topics: { 'service/staff': 2 },
      intents: { complaint: 2 },
      urgency: { high: 2 },
      languages: { en: 3 },
      abstained: 1,
    });
  });
});
