import type { Feedback } from '@closeloop/contracts';

/** Title and text as one, with a line's end between them. */
export const writtenOf = ({ title, text }: Pick<Feedback, 'title' | 'text'>): string => {
  // An optional field may be null
  const words = text ?? '';
  return title ? `${title}\n${words}` : words;
};

/** Addresses, mentions and codes say nothing of the language; every alternative is linear in the text. */
const noise = /https?:\/\/\S+|[@#][\p{L}\p{N}_]+|[\p{N}\p{Extended_Pictographic}]+/gu;

/** Most characters that a language is judged by: more of them change nothing but the time it takes. */
const longestSample = 1000;

/** What the author wrote in words, for the language to be judged by: at most 1,000 characters. */
export const wordsOf = (text: string): string => text.slice(0, longestSample).replace(noise, ' ');
