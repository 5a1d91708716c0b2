import { describe, expect, it } from '@jest/globals';
import { emoticons } from '../sentiment/lexicon.js';
import { tokensOf } from '../text/tokens.js';
import { SpamJudge } from './judge-spam.js';

const judge = new SpamJudge({ name: 'spam', version: 1, phrases: ['click here', 'earn money', 'work from home'] });
const isSpam = (text: string) => judge.isSpam(tokensOf(text, emoticons));

describe('spam', () => {
  it.each([
    ['Earn money and work from home! https://example.org/now', true],
    ['Earn money, work from home: click here', true],
    [`${'buy '.repeat(20)}`, true],
    // One of them is said by customers too
    ['I work from home and your modem fails twice a day https://example.org/log', false],
    ['Click here does nothing when I want to earn money points', false],
    ['earn money earn money earn money https://example.org', false],
    ['no no no no no no', false],
    ['very very very very very very very very bad, never again, they lost it', false],
    ['', false],
  ])('"%s": %s', (text, expected) => expect(isSpam(text)).toBe(expected));
});
