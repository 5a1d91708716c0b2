import { getMetadataStorage } from 'class-validator';
import { isNotNull, nestedTypeOf } from './decorators.js';
import { rules } from './rules.js';

/** One rule of a property, with the arguments that its decorator was given. */
export interface AppliedRule {
  readonly name: string;
  readonly args: readonly unknown[];
  /** Holds for each item of an array, not for the array. */
  readonly each: boolean;
}

export interface PropertyModel {
  readonly name: string;
  /** required: must be there; nullable: must be there, null allowed; optional: may be absent or null */
  readonly presence: 'required' | 'nullable' | 'optional';
  readonly rules: readonly AppliedRule[];
  /** Class of the object, or of each item. */
  readonly nested?: { readonly type: new () => object; readonly each: boolean };
}

/** What class-validator's decorators say about a class, its parents' included. */
export interface ClassModel {
  readonly name: string;
  readonly properties: readonly PropertyModel[];
}

const models = new WeakMap<new () => object, ClassModel>();

type Metadata = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];

const presenceOf = (where: string, metadata: readonly Metadata[]): PropertyModel['presence'] => {
  const conditions = metadata.filter(({ type }) => type === 'conditionalValidation');
  if (conditions.length === 0) return 'required';
  if (conditions.length > 1) throw new TypeError(`${where}: takes one of @IsOptional and @IsNullable`);
  if (conditions[0]!.name === 'isOptional') return 'optional';
  if ((conditions[0]!.constraints as unknown[])[0] === isNotNull) return 'nullable';
  throw new TypeError(`${where}: @ValidateIf is not in the closed list of contract decorators`);
};

const ruleOf = (where: string, { name = '', constraints, each, ...rest }: Metadata): AppliedRule => {
  const args = (constraints as unknown[] | undefined) ?? [];
  const rule = rules[name];
  if (!rule) throw new TypeError(`${where}: "${name}" is not in the closed list of contract decorators (rules.ts)`);
  const unsupported =
    rule.unsupported?.(args) ?? (rest.validateIf || rest.groups?.length ? 'groups and validateIf' : undefined);
  if (unsupported) throw new TypeError(`${where}: contracts do not take ${unsupported}`);
  return { name, args, each: each ?? false };
};

const propertyOf = (dataClass: new () => object, name: string, metadata: readonly Metadata[]): PropertyModel => {
  const where = `${dataClass.name}.${name}`;
  const applied = metadata
    .filter(({ type }) => type !== 'conditionalValidation' && type !== 'nestedValidation')
    .map((each) => ruleOf(where, each))
    .reverse(); // decorators are applied from the last to the first
  const twice = applied.find((rule, index) => applied.findIndex((other) => other.name === rule.name) !== index);
  if (twice) throw new TypeError(`${where}: rule "${twice.name}" stands twice`);
  const presence = presenceOf(where, metadata);
  const nesting = metadata.find(({ type }) => type === 'nestedValidation');
  if (!nesting) return { name, presence, rules: applied };
  const type = nestedTypeOf(dataClass, name);
  if (!type) throw new TypeError(`${where}: use @Nested, which names the class, in place of @ValidateNested`);
  return { name, presence, rules: applied, nested: { type, each: nesting.each ?? false } };
};

/**
 * The model of a contract class, its own properties first, then its parents'.
 * Throws a TypeError that names class, property and decorator for anything outside the closed list.
 */
export function modelOf(dataClass: new () => object): ClassModel {
  const known = models.get(dataClass);
  if (known) return known;
  // without a schema name, groups or strictness: what validateSync asks for
  const metadata = getMetadataStorage().getTargetValidationMetadatas(dataClass, '', false, false);
  if (metadata.length === 0) throw new TypeError(`${dataClass.name} has no validation decorators`);
  const byProperty = new Map<string, Metadata[]>();
  for (const row of metadata) byProperty.set(row.propertyName, [...(byProperty.get(row.propertyName) ?? []), row]);
  const model: ClassModel = {
    name: dataClass.name,
    properties: [...byProperty].map(([name, rows]) => propertyOf(dataClass, name, rows)),
  };
  models.set(dataClass, model);
  return model;
}

/** Names of the properties of a contract class and its parents. */
export const propertiesOf = (dataClass: new () => object): readonly string[] =>
  modelOf(dataClass).properties.map(({ name }) => name);
