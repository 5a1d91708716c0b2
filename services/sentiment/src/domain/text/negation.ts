import type { Token } from './tokens.js';

/** English words that turn what follows. */
export const negations: ReadonlySet<string> = new Set(
  (
    "not no never none nobody nothing neither nor without hardly barely cannot can't cant don't dont doesn't doesnt " +
    "didn't didnt isn't isnt wasn't wasnt aren't arent weren't werent won't wont wouldn't wouldnt couldn't couldnt " +
    "shouldn't shouldnt hasn't hasnt haven't havent hadn't hadnt ain't aint"
  ).split(' '),
);

/** Words that a negation turns, in the same sentence */
const reach = 3;

/** By token: whether it is a word within reach of a negation. */
export function negatedOf(tokens: readonly Token[]): boolean[] {
  let left = 0;
  return tokens.map(({ kind, text }) => {
    if (kind === 'stop') left = 0;
    if (kind !== 'word') return false;
    if (negations.has(text)) {
      left = reach;
      return false;
    }
    left -= 1;
    return left >= 0;
  });
}
