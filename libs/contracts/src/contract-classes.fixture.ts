import fc from 'fast-check';
import { Feedback, FeedbackInput, Author, Rating, Survey } from './feedback.js';
import { InboundFeedback } from './feedback-inbound.v1.js';
import { FeedbackReceived } from './feedback-received.v1.js';
import { FeedbackRouted } from './feedback-routed.v1.js';
import { FeedbackTagged } from './feedback-tagged.v1.js';
import { Actor, LoopChanged, LoopSnapshot, Settlement } from './loop-changed.v1.js';
import { Route } from './route.js';
import { Emotion, Evidence, Intent, LanguageTag, Sentiment, Tags, Topic, Urgency } from './tags.js';
import { modelOf, type AppliedRule, type PropertyModel } from './class-model.js';

/** Every class of the contracts that carries decorators. */
export const contractClasses: readonly (new () => object)[] = [
  Author,
  Rating,
  Survey,
  FeedbackInput,
  InboundFeedback,
  Feedback,
  FeedbackReceived,
  FeedbackTagged,
  FeedbackRouted,
  LanguageTag,
  Sentiment,
  Emotion,
  Topic,
  Intent,
  Urgency,
  Evidence,
  Tags,
  Route,
  Actor,
  LoopSnapshot,
  Settlement,
  LoopChanged,
];

/** Strings on which counting differs: variation selectors, surrogate pairs, joined emoji. */
const piece = fc.oneof(
  { weight: 6, arbitrary: fc.string({ unit: 'grapheme', maxLength: 8 }) },
  fc.constantFrom('❤️', '❤︎', '😀', '👩‍👩‍👧', 'é', '\uFE0F', 'ﷺ', '𐍈️'),
);

const text = (min: number, max: number): fc.Arbitrary<string> =>
  fc.oneof(
    {
      weight: 20,
      arbitrary: fc.array(piece, { minLength: Math.min(min, 3), maxLength: 6 }).map((parts) => parts.join('')),
    },
    // around the bounds
    fc
      .tuple(fc.constantFrom('a', '❤️', '😀', '\uFE0F'), fc.constantFrom(min - 1, min, min + 1, max - 1, max, max + 1))
      .map(([unit, times]) => unit.repeat(Math.max(0, Math.min(times, 25_000)))),
  );

const timestamps = fc.oneof(
  fc
    .date({ noInvalidDate: true, min: new Date('0001-01-02T00:00:00Z'), max: new Date('9999-12-30T00:00:00Z') })
    .map((date) => date.toISOString()),
  fc.constantFrom('2024-02-29T23:59:59+14:00', '2026-11-21T09:30:00.123456789Z', '0001-01-01T00:00:00Z'),
);

// class-transformer throws on a member called "constructor", and drops "__proto__"
const attributeKeys = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((key) => !(key in Object.prototype));

const attributes = fc.dictionary(
  attributeKeys,
  fc.oneof(fc.string({ unit: 'grapheme' }), fc.boolean(), fc.double({ noNaN: true, noDefaultInfinity: true })),
  { maxKeys: 6, noNullPrototype: true },
);

const argument = <T>(rules: readonly AppliedRule[], name: string): T | undefined =>
  rules.find((rule) => rule.name === name)?.args[0] as T | undefined;

/** Values that mostly satisfy the rules; some at or just over a bound. */
const satisfying = (rules: readonly AppliedRule[]): fc.Arbitrary<unknown> => {
  const names = new Set(rules.map(({ name }) => name));
  const values = argument<readonly unknown[]>(rules, 'isIn');
  const pattern = argument<RegExp>(rules, 'matches');
  const min = argument<number>(rules, 'min');
  const max = argument<number>(rules, 'max');
  if (values) return fc.constantFrom(...values);
  if (pattern) return fc.stringMatching(pattern);
  if (names.has('isUuid')) return fc.uuid();
  if (names.has('isTimestamp')) return timestamps;
  if (names.has('isAttributes')) return attributes;
  if (names.has('isBoolean')) return fc.boolean();
  if (names.has('isInt'))
    return fc.oneof(fc.integer({ min: min ?? -1000, max: max ?? 2 ** 31 }), fc.constantFrom(min ?? 0, max ?? 0));
  if (names.has('isNumber'))
    return fc.oneof(fc.double({ min: min ?? -1e9, max: max ?? 1e9, noNaN: true }), fc.constantFrom(min ?? 0, max ?? 0));
  if (names.has('isString'))
    return text(argument<number>(rules, 'minLength') ?? 0, argument<number>(rules, 'maxLength') ?? 50);
  throw new TypeError(`no example is known for ${[...names].join(', ')}`);
};

const valueOf = ({ rules, nested, presence }: PropertyModel): fc.Arbitrary<unknown> => {
  const array = rules.some(({ name }) => name === 'isArray');
  const one = nested ? exampleOf(nested.type) : satisfying(rules.filter(({ each }) => each === array));
  const value = array ? fc.array(one, { maxLength: 4 }) : one;
  return presence === 'required' ? value : fc.option(value, { nil: null, freq: 8 });
};

/** Objects of a class: valid, but for some strings around their bounds. */
export const exampleOf = (dataClass: new () => object): fc.Arbitrary<Record<string, unknown>> => {
  const { properties } = modelOf(dataClass);
  return fc.record(Object.fromEntries(properties.map((property) => [property.name, valueOf(property)])), {
    requiredKeys: properties.filter(({ presence }) => presence !== 'optional').map(({ name }) => name),
    noNullPrototype: true,
  });
};

const intruders: readonly fc.Arbitrary<unknown>[] = [
  fc.constantFrom<unknown>(
    null,
    undefined,
    true,
    0,
    -1,
    1.5,
    2 ** 31,
    NaN,
    Infinity,
    '',
    'x',
    [],
    {},
    [[]],
    [null],
    ['x', 1],
    { name: 'x' },
  ),
  fc.constantFrom(
    '2026-02-30T00:00:00Z',
    '0000-01-01T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:00:00',
    '0001-01-01T00:00:00+01:00',
  ),
  fc.string({ unit: 'grapheme', maxLength: 120 }),
  fc.array(fc.string({ maxLength: 3 }), { minLength: 45, maxLength: 60 }),
  fc.constant(Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`k${index}`, index]))),
  fc.constantFrom<unknown>({ long: 'x'.repeat(1001) }, { '': 1 }, { nested: {} }, { ok: 'yes' }),
];

// structuredClone gives objects of another realm under Jest, which class-transformer does not take for plain ones
const copyOf = <T>(value: T): T =>
  (Array.isArray(value)
    ? value.map(copyOf)
    : value !== null && typeof value === 'object'
      ? Object.fromEntries(Object.entries(value).map(([key, member]) => [key, copyOf(member as unknown)]))
      : value) as T;

interface Spot {
  readonly holder: Record<string, unknown> | unknown[];
  readonly key: string;
}

const spotsOf = (value: unknown): Spot[] =>
  value === null || typeof value !== 'object'
    ? []
    : Object.entries(value).flatMap(([key, member]) => [
        { holder: value as Record<string, unknown>, key },
        ...spotsOf(member),
      ]);

/** An example with one to three members, at any depth, replaced, removed or added. */
export const mutatedOf = (dataClass: new () => object): fc.Arbitrary<Record<string, unknown>> =>
  fc
    .tuple(
      exampleOf(dataClass),
      fc.array(fc.tuple(fc.nat(), fc.constantFrom('replace', 'remove', 'add'), fc.oneof(...intruders)), {
        minLength: 1,
        maxLength: 3,
      }),
    )
    .map(([example, changes]) => {
      const value = copyOf(example);
      for (const [at, change, intruder] of changes) {
        const spots = spotsOf(value);
        const spot = spots[at % Math.max(1, spots.length)] ?? { holder: value, key: 'stranger' };
        const holder = spot.holder as Record<string, unknown>;
        // JSON has no undefined in arrays
        if (change === 'replace') holder[spot.key] = copyOf(Array.isArray(holder) ? (intruder ?? null) : intruder);
        else if (change === 'add' && !Array.isArray(holder)) holder['stranger/~'] = copyOf(intruder);
        else if (!Array.isArray(holder)) delete holder[spot.key];
      }
      return value;
    });
