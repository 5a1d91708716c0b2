import 'reflect-metadata';
import { describe, expect, it, jest } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import {
  IsEmail,
  IsIn,
  IsNumber,
  IsOptional,
  IsString,
  Matches,
  ValidateIf,
  ValidateNested,
  validateSync,
} from 'class-validator';
import type { ValidationError } from 'class-validator';
import fc from 'fast-check';
import { modelOf } from './class-model.js';
import { contractClasses, exampleOf, mutatedOf } from './contract-classes.fixture.js';
import { Author, Feedback, FeedbackInput, maxTextLength, Rating } from './feedback.js';
import { InboundFeedback } from './feedback-inbound.v1.js';
import { FeedbackTagged } from './feedback-tagged.v1.js';
import { Nested } from './decorators.js';
import { maxViolations, validatorOf } from './validator.js';
import { memberPointer, type Violation } from './violation.js';

// properties over large objects, on a machine that may be busy
jest.setTimeout(60_000);

const flatten = (errors: readonly ValidationError[], parent = ''): { pointer: string; rule: string }[] =>
  errors.flatMap((error) => {
    const pointer = memberPointer(parent, error.property);
    return [
      ...Object.keys(error.constraints ?? {}).map((rule) => ({ pointer, rule })),
      ...flatten(error.children ?? [], pointer),
    ];
  });

const classValidatorSays = (dataClass: new () => object, value: object): { pointer: string; rule: string }[] =>
  flatten(validateSync(plainToInstance(dataClass, value), { whitelist: true, forbidNonWhitelisted: true }));

const kindRules = new Set(['isObject', 'isArray', 'nestedValidation']);

/** The item's pointer where a rule is for each item; class-validator names the array. */
const atArray = ({ pointer, rule }: { pointer: string; rule: string }): string =>
  `${rule === 'nestedValidation' || rule === 'whitelistValidation' ? pointer : pointer.replace(/\/\d+$/, '')} ${rule}`;

const keysOf = (said: readonly { pointer: string; rule: string }[], wrongKinds: readonly string[]): string[] =>
  [
    ...new Set(said.filter(({ pointer }) => !wrongKinds.some((wrong) => pointer.startsWith(`${wrong}/`))).map(atArray)),
  ].sort();

const compare = (dataClass: new () => object, value: object): void => {
  const theirs = classValidatorSays(dataClass, value);
  const ours = validatorOf(dataClass)(value) ?? [];
  // what is below a value of the wrong kind is not told by us
  const wrongKinds = ours.filter(({ rule }) => kindRules.has(rule)).map(({ pointer }) => pointer);
  expect(ours.length > 0).toBe(theirs.length > 0);
  if (ours.length < maxViolations) expect(keysOf(ours, [])).toEqual(keysOf(theirs, wrongKinds));
};

describe('validator', () => {
  describe.each(contractClasses.map((dataClass) => ({ name: dataClass.name, dataClass })))(
    'of $name',
    ({ dataClass }) => {
      it('says of valid objects what class-validator says', () => {
        fc.assert(
          fc.property(exampleOf(dataClass), (value) => compare(dataClass, value)),
          { numRuns: 30 },
        );
      });

      it('says of mutated objects what class-validator says: same pointers, same rules', () => {
        fc.assert(
          fc.property(mutatedOf(dataClass), (value) => compare(dataClass, value)),
          { numRuns: 60 },
        );
      });

      it('accepts most of the examples, so that the comparison means something', () => {
        const valid = fc
          .sample(exampleOf(dataClass), 60)
          .filter((value) => validatorOf(dataClass)(value) === undefined);
        expect(valid.length).toBeGreaterThan(3);
      });
    },
  );

  const feedback = (more: object = {}): object => ({ channel: 'review', ...more });
  const validate = (more: object): readonly Violation[] | undefined => validatorOf(FeedbackInput)(feedback(more));

  it('names field and rule, and never quotes the value', () => {
    expect(validate({ rating: { value: 'secret', scale: 5 }, 'odd/key': 1 })).toEqual([
      { pointer: '/odd~1key', rule: 'whitelistValidation', message: 'odd/key is not a known property' },
      { pointer: '/rating/value', rule: 'isNumber', message: 'rating.value must be a number' },
      { pointer: '/rating/value', rule: 'min', message: 'rating.value must be at least 0' },
      { pointer: '/rating/value', rule: 'max', message: 'rating.value must be at most 1000' },
    ]);
  });

  it('says that a required property is missing', () => {
    expect(validatorOf(Rating)({ value: 1 })?.[0]).toEqual({
      pointer: '/scale',
      rule: 'isNumber',
      message: 'scale is missing; it must be a number',
    });
  });

  it('takes null for "absent" where a property is optional', () => {
    expect(validate({ text: null, author: null, attributes: null, segments: null })).toBeUndefined();
  });

  it('requires a nullable property to be there', () => {
    const [feedbackExample] = fc.sample(
      exampleOf(Feedback).filter((value) => !validatorOf(Feedback)(value)),
      1,
    );
    expect(validatorOf(FeedbackTagged)({ feedback: feedbackExample, tagRevision: 1, tags: null })).toBeUndefined();
    expect(validatorOf(FeedbackTagged)({ feedback: feedbackExample, tagRevision: 1 })).toMatchObject([
      { pointer: '/tags', rule: 'isObject' },
    ]);
  });

  it('requires source and external id of what comes over Kafka, null included', () => {
    const pointers = (value: object): string[] => [
      ...new Set((validatorOf(InboundFeedback)(value) ?? []).map(({ pointer }) => pointer)),
    ];
    expect(pointers(feedback()).sort()).toEqual(['/externalId', '/source']);
    expect(pointers(feedback({ source: null, externalId: null })).sort()).toEqual(['/externalId', '/source']);
    expect(classValidatorSays(InboundFeedback, feedback({ source: null, externalId: null }))).toContainEqual({
      pointer: '/source',
      rule: 'matches',
    });
  });

  it('counts a heart with its variation selector as one character', () => {
    expect(validate({ text: '❤️'.repeat(maxTextLength) })).toBeUndefined();
    expect(validate({ text: `${'❤️'.repeat(maxTextLength)}x` })).toMatchObject([
      { pointer: '/text', rule: 'maxLength' },
    ]);
    expect(validate({ text: '😀'.repeat(maxTextLength) })).toBeUndefined();
  });

  it.each([
    ['2026-02-28T23:59:59Z', true],
    ['2024-02-29T00:00:00+05:30', true],
    ['2023-02-29T00:00:00Z', false],
    ['2026-04-31T00:00:00Z', false],
    ['2026-13-01T00:00:00Z', false],
    ['2026-01-01T24:00:00Z', false],
    ['2026-01-01T10:00:60Z', false],
    ['2026-01-01T10:00:00', false],
    ['2026-01-01', false],
    ['0000-12-31T00:00:00Z', false],
    ['0001-01-01T00:00:00+00:01', false],
    ['9999-12-31T23:59:59-00:01', false],
    ['9999-12-31T23:59:59Z', true],
  ])('of the timestamp %s says %p', (occurredAt, valid) => {
    expect(validate({ occurredAt }) === undefined).toBe(valid);
    // what it accepts, Date understands and writes with four digits of year
    if (valid) expect(new Date(occurredAt).toISOString()).toMatch(/^\d{4}-/);
  });

  it.each([
    ['64 keys', Object.fromEntries(Array.from({ length: 64 }, (_, index) => [`k${index}`, 'v'])), true],
    ['65 keys', Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`k${index}`, 'v'])), false],
    ['1,000 characters', { key: 'x'.repeat(1000) }, true],
    ['1,001 characters', { key: 'x'.repeat(1001) }, false],
    ['an object inside', { key: {} }, false],
    ['null inside', { key: null }, false],
    ['an array', [], false],
  ])('of attributes with %s says so', (_name, attributes, valid) => {
    expect(validate({ attributes }) === undefined).toBe(valid);
  });

  it.each([[undefined], [null], [5], ['text'], [[]], [[{}]]])('refuses %p, which is no object', (value) => {
    expect(validatorOf(Author)(value)).toEqual([
      { pointer: '', rule: 'isObject', message: 'the value must be an object' },
    ]);
  });

  it('ignores unknown properties where told to, at every depth', () => {
    const lenient = validatorOf(FeedbackInput, { unknownProperties: 'ignore' });
    expect(lenient(feedback({ stranger: 1, rating: { value: 1, scale: 5, stars: 1 } }))).toBeUndefined();
    expect(lenient(feedback({ stranger: 1, rating: { value: 1 } }))).toHaveLength(3);
  });

  it('bounds what it tells', () => {
    const strangers = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`x${index}`, 1]));
    expect(validate(strangers)).toHaveLength(maxViolations);
  });

  it('compiles a class once', () => {
    expect(validatorOf(Rating)).toBe(validatorOf(Rating));
    expect(validatorOf(Rating, { unknownProperties: 'ignore' })).not.toBe(validatorOf(Rating));
  });

  describe('refuses at once, by name, what is outside the closed list:', () => {
    class Unknown {
      @IsEmail() email!: string;
    }
    class Condition {
      @ValidateIf(() => true) @IsString() text!: string;
    }
    class Options {
      @IsNumber({ maxDecimalPlaces: 2 }) amount!: number;
    }
    class Flags {
      @Matches(/a/i) name!: string;
    }
    class Groups {
      @IsString({ groups: ['a'] }) name!: string;
    }
    class Objects {
      @IsIn([{}]) value!: object;
    }
    class BareNested {
      @ValidateNested() rating!: Rating;
    }
    class Twice {
      @Matches(/a/) @Matches(/b/) name!: string;
    }
    class Bare {}
    it.each([
      [Unknown, /Unknown\.email: "isEmail" is not in the closed list/],
      [Condition, /Condition\.text: @ValidateIf/],
      [Options, /Options\.amount: .*@IsNumber/],
      [Flags, /Flags\.name: .*without flags/],
      [Groups, /Groups\.name: .*groups/],
      [Objects, /Objects\.value: .*@IsIn/],
      [BareNested, /BareNested\.rating: use @Nested/],
      [Twice, /Twice\.name: rule "matches" stands twice/],
      [Bare, /Bare has no validation decorators/],
    ])('%p', (dataClass, message) => {
      expect(() => validatorOf(dataClass as new () => object)).toThrow(message);
    });

    it('two classes of one name', () => {
      const Inner = (() => {
        class Rating {
          @IsString() text!: string;
        }
        return Rating;
      })();
      class Outer {
        @Nested(() => Rating) one!: Rating;
        @Nested(() => Inner) two!: object;
      }
      expect(() => validatorOf(Outer)).toThrow('two contract classes are called Rating');
    });
  });

  it('keeps the parent’s @IsOptional, as class-validator does, so contracts do not override optional properties', () => {
    class Parent {
      @IsOptional() @IsString() name?: string;
    }
    class Child extends Parent {
      @IsString() declare name: string;
    }
    expect(classValidatorSays(Child, {})).toEqual([]);
    expect(validatorOf(Child)({})).toBeUndefined();
    for (const dataClass of contractClasses) {
      for (
        let parent = Object.getPrototypeOf(dataClass) as new () => object;
        parent.prototype;
        parent = Object.getPrototypeOf(parent) as new () => object
      ) {
        const own = new Set(modelOf(parent).properties.map(({ name }) => name));
        const redeclared = modelOf(dataClass).properties.filter(
          ({ name, rules }) =>
            own.has(name) &&
            JSON.stringify(rules) !==
              JSON.stringify(modelOf(parent).properties.find((property) => property.name === name)!.rules),
        );
        expect({ dataClass: dataClass.name, redeclared }).toEqual({ dataClass: dataClass.name, redeclared: [] });
      }
    }
  });
});
