import { _, type Code, type CodeGen, type Name } from 'ajv';
import { isUUID, maxLength, minLength } from 'class-validator';
import {
  isAttributes,
  isTimestamp,
  maxAttributeKeyLength,
  maxAttributeLength,
  maxAttributes,
  timestampPattern,
} from './decorators.js';
import type { JsonSchema } from './json-schema-document.js';

/** One class-validator rule: what it says in JSON Schema, in words, and as code that refuses. */
export interface Rule {
  /** Fragment of a JSON Schema; several rules of one property are merged. */
  schema(args: readonly unknown[]): JsonSchema;
  /** Follows the field's name. */
  words(args: readonly unknown[]): string;
  /** An expression that is true for a value that the rule refuses; every rule refuses undefined. */
  refuses(data: Name, args: readonly unknown[], gen: CodeGen): Code;
  /** Reasons to take no such arguments. */
  unsupported?(args: readonly unknown[]): string | undefined;
}

const number = (args: readonly unknown[]): number => {
  if (typeof args[0] !== 'number') throw new TypeError('a bound must be a number');
  return args[0];
};

const call = (gen: CodeGen, ref: (...args: never[]) => boolean): Name => gen.scopeValue('func', { ref });

/**
 * The closed list: every decorator that a contract class may carry. A further one is added here, with all of its faces.
 * Verdicts are class-validator's own; where that would be slow, a cheap test that never differs goes first.
 */
export const rules: Readonly<Record<string, Rule>> = {
  isString: {
    schema: () => ({ type: 'string' }),
    words: () => 'must be a string',
    refuses: (data) => _`typeof ${data} !== "string"`,
  },
  isBoolean: {
    schema: () => ({ type: 'boolean' }),
    words: () => 'must be true or false',
    refuses: (data) => _`typeof ${data} !== "boolean"`,
  },
  isNumber: {
    schema: () => ({ type: 'number' }),
    words: () => 'must be a number',
    refuses: (data) => _`!Number.isFinite(${data})`,
    unsupported: ([options]) => (Object.keys(options ?? {}).length > 0 ? 'options of @IsNumber' : undefined),
  },
  isInt: {
    schema: () => ({ type: 'integer' }),
    words: () => 'must be a whole number',
    refuses: (data) => _`!Number.isInteger(${data})`,
  },
  isObject: {
    schema: () => ({ type: 'object' }),
    words: () => 'must be an object',
    refuses: (data) => _`typeof ${data} !== "object" || ${data} === null || Array.isArray(${data})`,
  },
  isArray: {
    schema: () => ({ type: 'array' }),
    words: () => 'must be an array',
    refuses: (data) => _`!Array.isArray(${data})`,
  },
  isIn: {
    schema: ([values]) => ({ enum: [...(values as readonly (string | number)[])] }),
    words: ([values]) => `must be one of ${(values as readonly (string | number)[]).join(', ')}`,
    refuses: (data, [values]) =>
      (values as readonly (string | number)[]).reduce<Code>(
        (code, value) => _`${code} && ${data} !== ${value}`,
        _`true`,
      ),
    unsupported: ([values]) =>
      Array.isArray(values) && values.every((value) => typeof value === 'string' || typeof value === 'number')
        ? undefined
        : 'values of @IsIn that are neither strings nor numbers',
  },
  min: {
    schema: (args) => ({ type: 'number', minimum: number(args) }),
    words: (args) => `must be at least ${number(args)}`,
    refuses: (data, args) => _`typeof ${data} !== "number" || !(${data} >= ${number(args)})`,
  },
  max: {
    schema: (args) => ({ type: 'number', maximum: number(args) }),
    words: (args) => `must be at most ${number(args)}`,
    refuses: (data, args) => _`typeof ${data} !== "number" || !(${data} <= ${number(args)})`,
  },
  minLength: {
    schema: (args) => ({ type: 'string', minLength: number(args) }),
    words: (args) => `must have at least ${number(args)} ${number(args) === 1 ? 'character' : 'characters'}`,
    // a character counted once is at most three code units: a surrogate pair and a variation selector
    refuses: (data, args, gen) =>
      _`typeof ${data} !== "string" || (${data}.length < ${3 * number(args)} && !${call(gen, minLength)}(${data}, ${number(args)}))`,
  },
  maxLength: {
    // counts code points; the rule counts variation selectors (two hearts of different looks) as nothing besides
    schema: (args) => ({ type: 'string', maxLength: number(args) }),
    words: (args) => `must have at most ${number(args)} characters`,
    refuses: (data, args, gen) =>
      _`typeof ${data} !== "string" || (${data}.length > ${number(args)} && !${call(gen, maxLength)}(${data}, ${number(args)}))`,
  },
  matches: {
    schema: ([pattern]) => ({ type: 'string', pattern: (pattern as RegExp).source }),
    words: ([pattern]) => `must match ${(pattern as RegExp).source}`,
    refuses: (data, [pattern], gen) =>
      _`typeof ${data} !== "string" || !${gen.scopeValue('pattern', { ref: pattern, code: _`new RegExp(${(pattern as RegExp).source})` })}.test(${data})`,
    unsupported: ([pattern, modifiers]) =>
      pattern instanceof RegExp && pattern.flags === '' && modifiers === undefined
        ? undefined
        : '@Matches of anything but a RegExp without flags',
  },
  isUuid: {
    schema: () => ({ type: 'string', format: 'uuid' }),
    words: () => 'must be a UUID',
    refuses: (data, _args, gen) => _`typeof ${data} !== "string" || !${call(gen, isUUID)}(${data})`,
    unsupported: ([version]) => (version === undefined ? undefined : 'a version of @IsUUID'),
  },
  arrayMaxSize: {
    schema: (args) => ({ type: 'array', maxItems: number(args) }),
    words: (args) => `must have at most ${number(args)} items`,
    refuses: (data, args) => _`!Array.isArray(${data}) || ${data}.length > ${number(args)}`,
  },
  isTimestamp: {
    schema: () => ({ type: 'string', format: 'date-time', pattern: timestampPattern.source }),
    words: () => 'must be an RFC 3339 date-time with an offset, such as 2026-11-21T09:30:00Z',
    refuses: (data, _args, gen) => _`!${call(gen, isTimestamp)}(${data})`,
  },
  isAttributes: {
    schema: () => ({
      type: 'object',
      maxProperties: maxAttributes,
      propertyNames: { minLength: 1, maxLength: maxAttributeKeyLength },
      additionalProperties: { type: ['string', 'number', 'boolean'], maxLength: maxAttributeLength },
    }),
    words: () =>
      `must be an object of at most ${maxAttributes} strings (of at most ${maxAttributeLength} characters), numbers or booleans`,
    refuses: (data, _args, gen) => _`!${call(gen, isAttributes)}(${data})`,
  },
};
