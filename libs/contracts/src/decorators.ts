import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  buildMessage,
  IsObject,
  maxLength,
  ValidateBy,
  ValidateIf,
  ValidateNested,
  type ValidationOptions,
} from 'class-validator';

/** RFC 3339 with an offset; years from 1, hours to 23, no leap second. */
export const timestampPattern =
  /^(?!0000)\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

const daysIn = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate();

/** True for an RFC 3339 date-time with an offset, of a day that exists, in the years 1 to 9999 of UTC. */
export const isTimestamp = (value: unknown): value is string => {
  if (typeof value !== 'string' || !timestampPattern.test(value)) return false;
  const day = value.slice(8, 10);
  if (day > '28' && Number(day) > daysIn(Number(value.slice(0, 4)), Number(value.slice(5, 7)))) return false;
  // an offset may carry the first and the last day over the edge, where toISOString and Postgres write years otherwise
  if (!value.startsWith('0001-01-01') && !value.startsWith('9999-12-31')) return true;
  const year = new Date(value).getUTCFullYear();
  return year >= 1 && year <= 9999;
};

export const IsTimestamp = (options?: ValidationOptions): PropertyDecorator =>
  ValidateBy(
    {
      name: 'isTimestamp',
      validator: {
        validate: isTimestamp,
        defaultMessage: buildMessage(
          (each) => `${each}$property must be an RFC 3339 date-time with an offset`,
          options,
        ),
      },
    },
    options,
  );

/** Most keys of a feedback's attributes. */
export const maxAttributes = 64;
/** Most characters (as `@MaxLength` counts them) of an attribute's key, and of its value. */
export const maxAttributeKeyLength = 100;
export const maxAttributeLength = 1000;

// maxLength counts at most the code units
const fits = (text: string, most: number): boolean => text.length <= most || maxLength(text, most);

export const isAttributes = (value: unknown): value is Record<string, string | number | boolean> => {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return false;
  const entries = Object.entries(value);
  return (
    entries.length <= maxAttributes &&
    entries.every(
      ([key, member]) =>
        key.length > 0 &&
        fits(key, maxAttributeKeyLength) &&
        (typeof member === 'string'
          ? fits(member, maxAttributeLength)
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

/** An object of another contract class; `each`, beside `@IsArray`, for an array of them. Required unless told otherwise. */
export const Nested =
  (type: () => new () => object, options?: ValidationOptions): PropertyDecorator =>
  (target, property) => {
    const known = (Reflect.getOwnMetadata(nestedTypes, target) ?? {}) as Record<string | symbol, typeof type>;
    Reflect.defineMetadata(nestedTypes, { ...known, [property]: type }, target);
    // @ValidateNested alone lets a missing value pass, and an array where one object is due
    IsObject(options)(target, property);
    ValidateNested(options)(target, property);
    Type(type)(target, property);
  };

/** The class that `@Nested` names for a property, looked up along the prototype chain. */
export const nestedTypeOf = (dataClass: new () => object, property: string): (new () => object) | undefined => {
  for (
    let target = dataClass.prototype as object | null;
    target;
    target = Object.getPrototypeOf(target) as object | null
  ) {
    const types = Reflect.getOwnMetadata(nestedTypes, target) as Record<string, () => new () => object> | undefined;
    if (types?.[property]) return types[property]();
  }
  return undefined;
};

/** The condition of `@IsNullable`; one function, so that it is known again in class-validator's metadata. */
export const isNotNull = (_object: unknown, value: unknown): boolean => value !== null;

/** null stands for "none" here; leaving the property out does not. */
export const IsNullable = (options?: ValidationOptions): PropertyDecorator => ValidateIf(isNotNull, options);
