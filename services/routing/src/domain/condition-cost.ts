import type { ASTNode } from '@marcbachmann/cel-js';
import { childrenOf } from './condition-hint.js';

/** The longest list that a feedback or its tags have. */
const longestList = 50;
/** What reads a text costs as much as so many plain steps, for each thousand characters one. */
const longestText = 20;

const readers = new Set(['contains', 'startsWith', 'endsWith', 'lowerAscii', 'upperAscii', 'trim', 'size', 'matches']);
const quantifiers = new Set(['exists', 'all', 'exists_one']);

/**
 * The most steps that a condition can take, whatever it is asked about: each part is one, what reads a text is as many as the longest text has
 * thousands of characters, what is asked of each item of a list counts once for each that a list can have. Regular expressions come on top.
 */
export function costOf(node: ASTNode, inList = false): number {
  if (node.op === 'rcall') {
    const [name, receiver, args] = node.args;
    if (quantifiers.has(name)) {
      const [, predicate] = args;
      return 1 + costOf(receiver) + (predicate ? longestList * costOf(predicate, true) : 0);
    }
    // An item of a list is a name, not a text.
    const own = readers.has(name) && !inList ? longestText : 1;
    return args.reduce((sum, part) => sum + costOf(part, inList), own + costOf(receiver, inList));
  }
  return childrenOf(node).reduce((sum, part) => sum + costOf(part, inList), 1);
}

/** Steps of a regular expression over the longest text: its program is gone through once for each character at most. */
export const costOfPattern = (programSize: number): number => programSize * longestText;
