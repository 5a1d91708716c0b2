import { modelOf, type AppliedRule, type PropertyModel } from './class-model.js';
import { rules } from './rules.js';
import type { JsonSchema } from './json-schema-document.js';

const typesOf = ({ type }: JsonSchema): string[] | undefined => (typeof type === 'string' ? [type] : type);

const bothTypes = (one: JsonSchema, other: JsonSchema): string[] | undefined => {
  const [ones, others] = [typesOf(one), typesOf(other)];
  if (!ones || !others) return ones ?? others;
  const narrower = (type: string, among: string[]): boolean =>
    among.includes(type) || (type === 'integer' && among.includes('number'));
  return [
    ...new Set([...ones.filter((type) => narrower(type, others)), ...others.filter((type) => narrower(type, ones))]),
  ];
};

/** What holds where both hold; contracts never give one property two bounds of one kind. */
const both = (where: string, one: JsonSchema, other: JsonSchema): JsonSchema => {
  const types = bothTypes(one, other);
  if (types?.length === 0)
    throw new TypeError(`${where}: its decorators ask for ${String(one.type)} and for ${String(other.type)}`);
  const { type: _one, ...restOfOne } = one;
  const { type: _other, ...restOfOther } = other;
  const clash = Object.keys(restOfOne).find((key) => key in restOfOther);
  if (clash) throw new TypeError(`${where}: its decorators give "${clash}" twice`);
  return { ...(types && { type: types.length === 1 ? types[0]! : types }), ...restOfOne, ...restOfOther };
};

const merged = (where: string, applied: readonly AppliedRule[]): JsonSchema =>
  applied.map(({ name, args }) => rules[name]!.schema(args)).reduce((one, other) => both(where, one, other), {});

const orNull = (schema: JsonSchema): JsonSchema => {
  const types = typesOf(schema);
  if (schema.$ref) return { anyOf: [schema, { type: 'null' }] };
  return {
    ...schema,
    ...(types && { type: [...types, 'null'] }),
    ...(schema.enum && { enum: [...schema.enum, null] }),
  };
};

/** Schemas by class name, and how they are pointed to. */
interface Definitions {
  readonly schemas: Record<string, JsonSchema>;
  readonly refer: (name: string) => string;
  readonly refuseUnknown: boolean;
}

const propertySchema = (where: string, property: PropertyModel, definitions: Definitions): JsonSchema => {
  const { rules: applied, nested, presence } = property;
  const reference = nested && { $ref: definitions.refer(define(nested.type, definitions)) };
  const ofItems = applied.filter(({ each }) => each);
  const items = nested?.each ? reference : ofItems.length > 0 ? merged(where, ofItems) : undefined;
  const own = applied.filter(({ each }) => !each);
  const schema = nested && !nested.each ? reference! : { ...merged(where, own), ...(items && { items }) };
  return presence === 'required' ? schema : orNull(schema);
};

function define(dataClass: new () => object, definitions: Definitions): string {
  const { name, properties } = modelOf(dataClass);
  if (!definitions.schemas[name]) {
    const schema: JsonSchema = { type: 'object' };
    definitions.schemas[name] = schema;
    schema.properties = Object.fromEntries(
      properties.map((property) => [property.name, propertySchema(`${name}.${property.name}`, property, definitions)]),
    );
    const required = properties.filter(({ presence }) => presence !== 'optional').map((property) => property.name);
    if (required.length > 0) schema.required = required;
    if (definitions.refuseUnknown) schema.additionalProperties = false;
  }
  return name;
}

export interface SchemaOptions {
  /**
   * refuse (the default): no property but those declared. ignore: what readers of our events see, who let pass
   * what they do not know, as a later v1 may add to it.
   */
  readonly unknownProperties?: 'refuse' | 'ignore';
}

/**
 * Schemas of contract classes and of those that they nest, by class name; `refer` makes a `$ref` of a name.
 * For documents that keep schemas in one place, such as AsyncAPI and OpenAPI.
 */
export function schemasOf(
  dataClasses: readonly (new () => object)[],
  refer: (name: string) => string,
  options: SchemaOptions = {},
): Record<string, JsonSchema> {
  const definitions: Definitions = { schemas: {}, refer, refuseUnknown: options.unknownProperties !== 'ignore' };
  for (const dataClass of dataClasses) define(dataClass, definitions);
  return definitions.schemas;
}

/**
 * JSON Schema 2020-12 of a contract class, self-contained. It says what `validatorOf` says, but for the length of texts
 * with variation selectors, which JSON Schema counts and class-validator does not.
 */
export function jsonSchemaOf(dataClass: new () => object, options: SchemaOptions & { id?: string } = {}): JsonSchema {
  const { [dataClass.name]: root, ...rest } = schemasOf([dataClass], (name) => `#/$defs/${name}`, options);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    ...(options.id && { $id: options.id }),
    title: dataClass.name,
    ...root,
    ...(Object.keys(rest).length > 0 && { $defs: rest }),
  };
}
