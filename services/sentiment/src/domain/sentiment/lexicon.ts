/** Words with what they weigh, -5 (worst) .. 5 (best). Maps, as a customer may well write "constructor". */
export interface Lexicon {
  readonly words: ReadonlyMap<string, number>;
  /** Of two words: by the first, then by the second */
  readonly phrases: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** By emoji, without variation selector */
  readonly emoji: ReadonlyMap<string, number>;
}

export const emoticons: ReadonlyMap<string, number> = new Map([
  [':)', 2],
  [':-)', 2],
  ['=)', 2],
  [';)', 1],
  [';-)', 1],
  [':D', 3],
  [':-D', 3],
  ['xD', 3],
  ['XD', 3],
  [':P', 1],
  [':p', 1],
  [':*', 2],
  ['<3', 3],
  [':(', -2],
  [':-(', -2],
  ['=(', -2],
  [":'(", -3],
  [':/', -1],
  [':-/', -1],
]);
