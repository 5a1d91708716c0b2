import 'reflect-metadata';
import { Type } from 'class-transformer';
import { buildMessage, ValidateBy, ValidateIf, ValidateNested, type ValidationOptions } from 'class-validator';

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

/** True for an RFC 3339 date-time with an offset, of a day that exists. */
export const isTimestamp = (value: unknown): value is string => {
  if (typeof value !== 'string' || !rfc3339.test(value) || Number.isNaN(Date.parse(value))) return false;
  // Date.parse turns 30 February into 1 March
  return new Date(`${value.slice(0, 10)}T00:00:00Z`).toISOString().startsWith(value.slice(0, 10));
};

export const IsTimestamp = (options?: ValidationOptions): PropertyDecorator =>
  ValidateBy(
    {
      name: 'isTimestamp',
      validator: {
        validate: isTimestamp,
        defaultMessage: buildMessage((each) => `${each}$property must be an RFC 3339 date-time with an offset`, options),
      },
    },
    options,
  );

/** Most keys of a feedback's attributes. */
export const maxAttributes = 64;
/** Most characters of an attribute's key, and of its value. */
export const maxAttributeKeyLength = 100;
export const maxAttributeLength = 1000;

export const isAttributes = (value: unknown): value is Record<string, string | number | boolean> => {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return false;
  const entries = Object.entries(value);
  return (
    entries.length <= maxAttributes &&
    entries.every(
      ([key, member]) =>
        key.length > 0 &&
        key.length <= maxAttributeKeyLength &&
        (typeof member === 'string'
          ? member.length <= maxAttributeLength
          : typeof member === 'boolean' || (typeof member === 'number' && Number.isFinite(member))),
    )
  );
};

export const IsAttributes = (options?: ValidationOptions): PropertyDecorator =>
  ValidateBy(
    {
      name: 'isAttributes',
      validator: {
        validate: isAttributes,
        defaultMessage: buildMessage(
          (each) =>
            `${each}$property must be an object of at most ${maxAttributes} strings (of at most ${maxAttributeLength} characters), numbers or booleans`,
          options,
        ),
      },
    },
    options,
  );

const nestedTypes = Symbol('closeloop:nested');

/** An object of another contract class; `each` for an array of them. */
export const Nested =
  (type: () => new () => object, options?: ValidationOptions): PropertyDecorator =>
  (target, property) => {
    const known = (Reflect.getOwnMetadata(nestedTypes, target) ?? {}) as Record<string | symbol, typeof type>;
    Reflect.defineMetadata(nestedTypes, { ...known, [property]: type }, target);
    ValidateNested(options)(target, property);
    Type(type)(target, property);
  };

/** The class that `@Nested` names for a property, looked up along the prototype chain. */
export const nestedTypeOf = (dataClass: new () => object, property: string): (new () => object) | undefined => {
  for (let target = dataClass.prototype as object | null; target; target = Object.getPrototypeOf(target) as object | null) {
    const types = Reflect.getOwnMetadata(nestedTypes, target) as Record<string, () => new () => object> | undefined;
    if (types?.[property]) return types[property]();
  }
  return undefined;
};

/** null stands for "none" here; leaving the property out does not. */
export const IsNullable = (options?: ValidationOptions): PropertyDecorator =>
  ValidateIf((_object, value) => value !== null, options);
