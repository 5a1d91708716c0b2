/** What a token is, by what it does for the reader. */
export const tokenKinds = ['word', 'number', 'mention', 'address', 'emoji', 'emoticon', 'stop', 'pause'] as const;
export type TokenKind = (typeof tokenKinds)[number];

/** A piece of a text: [start, end) in UTF-16 code units. */
export interface Token {
  readonly kind: TokenKind;
  readonly start: number;
  readonly end: number;
  /**
   * As it is compared: lower case, straight apostrophes, three or more of a letter as two (`soooo` is `soo`), no `#` before a hashtag,
   * no variation selector behind an emoji; digits as `0`; `@` for mentions and `://` for addresses; what stops as it is written.
   */
  readonly text: string;
  /** Three letters or more, all of them capitals */
  readonly shouted: boolean;
  /** It had three or more of a letter in a row */
  readonly elongated: boolean;
}

const letter = 1;
const digit = 2;
const pictographic = 3;
const stop = 4;
const pause = 5;

const isLetter = /[\p{L}\p{M}]/u;
const isDigit = /\p{N}/u;
const isPictographic = /\p{Extended_Pictographic}/u;

function classOf(codePoint: number): number {
  const character = String.fromCodePoint(codePoint);
  if (isLetter.test(character)) return letter;
  if (isDigit.test(character)) return digit;
  if ('.!?;\n…。！？'.includes(character)) return stop;
  if (',:()"'.includes(character)) return pause;
  return isPictographic.test(character) ? pictographic : 0;
}

/** Of each UTF-16 code unit, made when it is first met: 255 is not yet known. */
const classes = new Uint8Array(65_536).fill(255);

function classAt(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  if (unit >= 0xd800 && unit <= 0xdfff) return classOf(text.codePointAt(at)!);
  const known = classes[unit]!;
  return known === 255 ? (classes[unit] = classOf(unit)) : known;
}

const sizeAt = (text: string, at: number): number => (text.codePointAt(at)! > 0xffff ? 2 : 1);

const selector = 0xfe0f;
const joiner = 0x200d;
const isSkinTone = (codePoint: number): boolean => codePoint >= 0x1f3fb && codePoint <= 0x1f3ff;

/** Most characters of an emoticon */
const longestEmoticon = 3;
const emoticonStarts = new Set([...':;=<xX'].map((character) => character.charCodeAt(0)));

const isApostropheOrHyphen = (unit: number): boolean => unit === 0x27 || unit === 0x2019 || unit === 0x2d;
const isSpace = (unit: number): boolean => unit <= 0x20 || unit === 0xa0;

/**
 * The tokens of a text, in their order. Linear in its length, whatever it holds: one look at each character, and at most three for
 * what may be an emoticon.
 * @param emoticons those that are to be told, such as `:)`; of at most three characters, beginning with one of `:;=<xX`
 */
export function tokensOf(text: string, emoticons: { has(written: string): boolean }): Token[] {
  const tokens: Token[] = [];
  const { length } = text;
  let at = 0;
  while (at < length) {
    const unit = text.charCodeAt(at);
    if (isSpace(unit) && unit !== 0x0a) {
      at += 1;
      continue;
    }
    const start = at;
    if (emoticonStarts.has(unit)) {
      const end = emoticonEnd(text, at, emoticons);
      if (end > at) {
        at = end;
        tokens.push(plain('emoticon', start, end, text.slice(start, end)));
        continue;
      }
    }
    const what = classAt(text, at);
    if (unit === 0x40 && at + 1 < length && isWordPart(classAt(text, at + 1))) {
      at = wordEnd(text, at + 1, true);
      tokens.push(plain('mention', start, at, '@'));
    } else if (what === letter || what === digit) {
      at = wordEnd(text, at, false);
      if (isAddress(text, start, at)) {
        while (at < length && !isSpace(text.charCodeAt(at))) at += 1;
        tokens.push(plain('address', start, at, '://'));
      } else tokens.push(word(text, start, at));
    } else if (what === pictographic) {
      const size = sizeAt(text, at);
      const written = text.slice(at, at + size);
      at = emojiEnd(text, at + size);
      tokens.push(plain('emoji', start, at, written));
    } else if (what === stop || what === pause) {
      while (at < length && text.charCodeAt(at) === unit) at += 1;
      tokens.push(plain(what === stop ? 'stop' : 'pause', start, at, text.charAt(start)));
    } else at += sizeAt(text, at);
  }
  return tokens;
}

/** Whether there is anything in them but mentions, addresses and punctuation. */
export const saysSomething = (tokens: readonly Token[]): boolean =>
  tokens.some(({ kind }) => kind === 'word' || kind === 'number' || kind === 'emoji' || kind === 'emoticon');

const plain = (kind: TokenKind, start: number, end: number, text: string): Token => ({
  kind,
  start,
  end,
  text,
  shouted: false,
  elongated: false,
});

const isWordPart = (what: number): boolean => what === letter || what === digit;

function emoticonEnd(text: string, at: number, emoticons: { has(written: string): boolean }): number {
  // `x` begins a word more often than a laugh
  if (at > 0 && isWordPart(classAt(text, at - 1))) return at;
  for (let size = longestEmoticon; size > 1; size -= 1) {
    if (at + size <= text.length && emoticons.has(text.slice(at, at + size))) {
      const after = at + size;
      const ends = !isWordPart(classAt(text, after - 1)) || after >= text.length || !isWordPart(classAt(text, after));
      if (ends) return after;
    }
  }
  return at;
}

/** Letters and digits, and apostrophes and hyphens between them. `name`: underscores too, and no apostrophes */
function wordEnd(text: string, from: number, name: boolean): number {
  let at = from;
  while (at < text.length) {
    const unit = text.charCodeAt(at);
    if (isWordPart(classAt(text, at)) || (name && unit === 0x5f)) at += sizeAt(text, at);
    else if (!name && isApostropheOrHyphen(unit) && at + 1 < text.length && isWordPart(classAt(text, at + 1))) at += 1;
    else break;
  }
  return at;
}

const isAddress = (text: string, start: number, end: number): boolean =>
  (text.startsWith('://', end) && text.startsWith('http', start)) ||
  (end - start === 3 && text.startsWith('www.', start));

function emojiEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const codePoint = text.codePointAt(at)!;
    if (codePoint === selector) at += 1;
    else if (isSkinTone(codePoint)) at += 2;
    else if (codePoint === joiner && at + 1 < text.length && classAt(text, at + 1) === pictographic) {
      at += 1 + sizeAt(text, at + 1);
    } else break;
  }
  return at;
}

function word(text: string, start: number, end: number): Token {
  const written = text.slice(start, end);
  const lower = written.toLowerCase();
  const { compared, elongated } = squeezed(lower);
  const isNumber = compared.charCodeAt(0) === 0x30 && /^[0\-']+$/.test(compared);
  return {
    kind: isNumber ? 'number' : 'word',
    start,
    end,
    text: isNumber ? '0' : compared,
    shouted: end - start > 2 && lower !== written && written === written.toUpperCase(),
    elongated,
  };
}

/** One look first: most words need nothing. */
function squeezed(lower: string): { compared: string; elongated: boolean } {
  let run = 0;
  let before = -1;
  let plainWord = true;
  for (let at = 0; at < lower.length; at += 1) {
    const unit = lower.charCodeAt(at);
    run = unit === before ? run + 1 : 1;
    before = unit;
    if (run > 2 || unit === 0x2019 || (unit >= 0x30 && unit <= 0x39)) plainWord = false;
  }
  if (plainWord) return { compared: lower, elongated: false };
  let compared = '';
  let elongated = false;
  run = 0;
  before = -1;
  for (let at = 0; at < lower.length; at += 1) {
    let unit = lower.charCodeAt(at);
    if (unit === 0x2019) unit = 0x27;
    if (unit >= 0x30 && unit <= 0x39) unit = 0x30;
    run = unit === before ? run + 1 : 1;
    before = unit;
    if (run <= 2) compared += String.fromCharCode(unit);
    else if (unit !== 0x30) elongated = true;
  }
  return { compared, elongated };
}
