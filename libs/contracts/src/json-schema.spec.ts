import { describe, expect, it, jest } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { IsInt, IsString, MaxLength, Min, ValidateIf } from 'class-validator';
import fc from 'fast-check';
import { contractClasses, exampleOf, mutatedOf } from './contract-classes.fixture.js';
import { FeedbackInput } from './feedback.js';
import { FeedbackRouted } from './feedback-routed.v1.js';
import { jsonSchemaOf } from './json-schema.js';
import type { JsonSchema } from './json-schema-document.js';
import { validatorOf } from './validator.js';

// properties over large objects, on a machine that may be busy
jest.setTimeout(60_000);

/** An off-the-shelf validator, as a producer in another language has one. */
const standard = (schema: JsonSchema): ((value: unknown) => boolean) => {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
  formats.default(ajv);
  return ajv.compile(schema);
};

// JSON Schema counts variation selectors, class-validator does not
const countsAlike = (value: unknown): boolean => !/[\uFE0E\uFE0F]/.test(JSON.stringify(value) ?? '');
// formats of JSON Schema are looser about the variant of a UUID and the years of a date
const looser = new Set(['isUuid', 'isTimestamp']);

/** Every schema of an integer in it, by where it stands. */
const integersOf = (schema: unknown, at = ''): [string, { maximum?: number }][] => {
  if (typeof schema !== 'object' || schema === null) return [];
  const own = (schema as { type?: unknown }).type === 'integer' ? [[at, schema] as [string, object]] : [];
  return [...own, ...Object.entries(schema).flatMap(([name, part]) => integersOf(part, `${at}/${name}`))];
};

describe('jsonSchemaOf', () => {
  it('bounds every integer by what a column holds: what is beyond is refused at the edge, not by the database', () => {
    const integers = contractClasses.flatMap((dataClass) => integersOf(jsonSchemaOf(dataClass), dataClass.name));
    expect(integers.length).toBeGreaterThan(5);
    expect(integers.filter(([, { maximum = Infinity }]) => maximum > 2_147_483_647)).toEqual([]);
  });

  describe.each(contractClasses.map((dataClass) => ({ name: dataClass.name, dataClass })))('$name', ({ dataClass }) => {
    const accepts = standard(jsonSchemaOf(dataClass));
    const refusals = (value: unknown): string[] => (validatorOf(dataClass)(value) ?? []).map(({ rule }) => rule);

    it('agrees with the validator', () => {
      fc.assert(
        fc.property(fc.oneof(exampleOf(dataClass), mutatedOf(dataClass)).filter(countsAlike), (value) => {
          const rules = refusals(value);
          if (rules.length === 0) expect(accepts(value)).toBe(true);
          else if (!rules.every((rule) => looser.has(rule))) expect(accepts(value)).toBe(false);
        }),
        { numRuns: 40 },
      );
    });
  });

  it('is self-contained, and says which version of JSON Schema it is in', () => {
    const schema = jsonSchemaOf(FeedbackRouted, { id: 'urn:x' });
    expect(schema).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema', $id: 'urn:x' });
    const references = [...JSON.stringify(schema).matchAll(/"\$ref":"#\/\$defs\/(\w+)"/g)].map(([, name]) => name!);
    expect(references).toContain('Feedback');
    expect(Object.keys(schema.$defs!)).toEqual(expect.arrayContaining(references));
  });

  it('says what is refused and what is optional', () => {
    expect(jsonSchemaOf(FeedbackInput)).toMatchObject({
      additionalProperties: false,
      required: ['channel'],
      properties: { text: { type: ['string', 'null'], maxLength: 20_000 } },
    });
    expect(jsonSchemaOf(FeedbackInput, { unknownProperties: 'ignore' })).not.toHaveProperty('additionalProperties');
    expect(jsonSchemaOf(FeedbackRouted)).toMatchObject({
      required: ['feedback', 'tagRevision', 'tags', 'routeRevision', 'route'],
      properties: {
        tags: { anyOf: [{ $ref: '#/$defs/Tags' }, { type: 'null' }] },
        tagRevision: { type: 'integer', minimum: 1 },
      },
    });
  });

  it('throws for decorators that cannot both hold, and for one outside the closed list', () => {
    class Torn {
      @IsInt() @IsString() value!: string;
    }
    class Twice {
      @MaxLength(5) @MaxLength(3) value!: string;
    }
    class Condition {
      @ValidateIf(() => true) @Min(1) value!: number;
    }
    expect(() => jsonSchemaOf(Torn)).toThrow('Torn.value: its decorators ask for integer and for string');
    expect(() => jsonSchemaOf(Twice)).toThrow('Twice.value');
    expect(() => jsonSchemaOf(Condition)).toThrow('@ValidateIf');
  });
});
