const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

export interface Poison {
  readonly value: string;
  /** `ce_type` where it is not the topic's own */
  readonly type?: string;
}

/** What no reader of a topic can take, by name. The largest is as large as the broker lets pass. */
export const poisons = {
  'not JSON': { value: 'this is not JSON' },
  'half of a JSON': { value: '{"feedback":{"text":' },
  'wrong schema': { value: '{"surprise":true}' },
  'unknown type': { value: '{}', type: 'something.else.v1' },
  large: { value: JSON.stringify({ text: 'x'.repeat(1_000_000) }) },
  deep: { value: `{"deep":${deep(5_000)}}` },
  NUL: { value: '{"text":"NUL \\u0000 here","channel":"survey"}' },
  'a byte of 0': { value: '\0\0\0' },
} satisfies Readonly<Record<string, Poison>>;
export type PoisonName = keyof typeof poisons;
export const poisonNames = Object.keys(poisons) as PoisonName[];

export const twoMegabytes = JSON.stringify({ text: 'x'.repeat(2 * 1024 * 1024) });

/** What HTTP must refuse, by 4xx */
export const malformedBodies: readonly string[] = [
  'this is not JSON',
  '{"channel":"survey","text":"There is no end"',
  '{"surprise":true}',
  '{"kind":"unheard-of","channel":"survey","text":"A kind that is none"}',
  twoMegabytes,
  `{"deep":${deep(20_000)},"channel":"survey","text":"Deep"}`,
  '{"channel":"survey","text":"NUL \\u0000 here"}',
  '\0\0\0',
];
