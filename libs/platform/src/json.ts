import { isUtf8 } from 'node:buffer';

import { invalid } from './problem.js';

/** Levels of arrays and objects that a JSON text may nest. */
export const MAX_JSON_DEPTH = 32;

/**
 * A JSON text as a value: UTF-8 only, at most {@link MAX_JSON_DEPTH} levels deep, no key `__proto__`.
 * @throws Problem `invalid` with rule `utf8`, `depth`, `json` or `forbidden-key`.
 */
export function parseJson(bytes: Buffer, maxDepth: number = MAX_JSON_DEPTH): unknown {
  if (!isUtf8(bytes)) throw invalid('', 'utf8', 'The body is not UTF-8.');
  let text = bytes.toString('utf8');
  if (text.charCodeAt(0) === 0xfeff) text = text.slice(1);
  if (isDeeperThan(text, maxDepth)) throw invalid('', 'depth', `The body nests more than ${maxDepth} levels.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid('', 'json', `The body is not JSON${positionOf(error)}.`);
  }
  // A key __proto__ would set the prototype of whatever it is copied to. The key may hide behind escapes; the walk finds it then.
  if ((text.includes('__proto__') || text.includes('\\u00')) && hasPrototypeKey(value)) {
    throw invalid('', 'forbidden-key', 'The body has a key "__proto__".');
  }
  return value;
}

/** Whether brackets outside of strings open more than `maxDepth` levels. One pass, no recursion; the text need not be JSON. */
export function isDeeperThan(text: string, maxDepth: number): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 0x22: // "
        i = endOfString(text, i);
        break;
      case 0x5b: // [
      case 0x7b: // {
        if (++depth > maxDepth) return true;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth--;
        break;
    }
  }
  return false;
}

/** Index of the quote that ends the string opened at `start`, or of the text's end. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1) {
    let first = end;
    while (text.charCodeAt(first - 1) === 0x5c) first--;
    if ((end - first) % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
  return text.length;
}

function hasPrototypeKey(root: unknown): boolean {
  const open: unknown[] = [root];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null) continue;
    if (Object.hasOwn(next, '__proto__')) return true;
    for (const child of Object.values(next)) open.push(child);
  }
  return false;
}

/** V8's message may quote the text; only the position is told. */
function positionOf(error: unknown): string {
  const match = error instanceof Error ? /at position (\d+)/.exec(error.message) : null;
  return match === null ? '' : ` (at character ${match[1]})`;
}
