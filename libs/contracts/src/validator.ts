import {
  _,
  Ajv2020,
  type Code,
  type AnySchemaObject,
  type ErrorObject,
  type KeywordCxt,
  type ValidateFunction,
} from 'ajv/dist/2020.js';
import { modelOf, type AppliedRule, type PropertyModel } from './class-model.js';
import { rules } from './rules.js';
import { forbiddenCharacters } from './forbidden-characters.js';
import { fieldName, memberPointer, type Violation } from './violation.js';

/** Most violations that are told of one value. */
export const maxViolations = 50;

export interface ValidatorOptions {
  /** refuse (the default): a property that the class does not declare is a violation, rule `whitelistValidation`. */
  readonly unknownProperties?: 'refuse' | 'ignore';
}

/** Violations of a value, at most `maxViolations`, in the order in which they were found; undefined for a valid one. */
export type Validator = (value: unknown) => readonly Violation[] | undefined;

/** Value of a rule's keyword in a compiled schema. */
interface KeywordValue {
  readonly args: readonly unknown[];
  /** null is "none" here and passes. */
  readonly nullPasses: boolean;
  /** The rule is for items: an array passes here, and its items are looked at one by one. */
  readonly arrayPasses: boolean;
}

const keywordPrefix = 'rule:';
const nestedRule = 'nestedValidation';

const ajvOf = (collect: boolean): Ajv2020 => {
  const ajv = new Ajv2020({
    strict: false,
    allErrors: collect,
    verbose: collect,
    validateSchema: false,
    messages: false,
    // Half of the time to compile, which a service spends at its start and at the first bad event; the speed of the result is the same.
    code: { optimize: false },
  });
  const define = (name: string, refuses: (cxt: KeywordCxt, value: KeywordValue) => Code): void => {
    ajv.addKeyword({
      keyword: `${keywordPrefix}${name}`,
      code: (cxt) => {
        const value = cxt.schema as KeywordValue;
        const nullPasses = value.nullPasses ? _`${cxt.data} !== null && ` : _``;
        const arrayPasses = value.arrayPasses ? _`!Array.isArray(${cxt.data}) && ` : _``;
        cxt.fail(_`${nullPasses}${arrayPasses}(${refuses(cxt, value)})`);
      },
    });
  };
  for (const [name, rule] of Object.entries(rules))
    define(name, ({ data, gen }, { args }) => rule.refuses(data, args, gen));
  define(nestedRule, ({ data }) => _`typeof ${data} !== "object" || ${data} === null`);
  return ajv;
};

const keywords = (applied: readonly AppliedRule[], nullPasses: boolean, each: boolean): AnySchemaObject =>
  Object.fromEntries(
    applied.map((rule) => [
      `${keywordPrefix}${rule.name}`,
      { args: rule.args, nullPasses, arrayPasses: rule.each && !each } satisfies KeywordValue,
    ]),
  );

const propertySchema = (property: PropertyModel, refer: (dataClass: new () => object) => object): AnySchemaObject => {
  const nullPasses = property.presence !== 'required';
  const ofItems = property.rules.filter(({ each }) => each);
  const nested = property.nested;
  const items = { ...keywords(ofItems, false, true), ...(nested?.each && nestedSchema(false, false)) };
  function nestedSchema(orNull: boolean, orArray: boolean): AnySchemaObject {
    return {
      [`${keywordPrefix}${nestedRule}`]: { args: [], nullPasses: orNull, arrayPasses: orArray } satisfies KeywordValue,
      ...(!orArray && refer(nested!.type)),
    };
  }
  return {
    ...keywords(property.rules, nullPasses, false),
    ...(nested && nestedSchema(nullPasses, nested.each)),
    ...(Object.keys(items).length > 0 && { items }),
  };
};

const schemaOf = (root: new () => object, refuseUnknown: boolean): AnySchemaObject => {
  const definitions: Record<string, AnySchemaObject> = {};
  const classes = new Map<string, new () => object>();
  const refer = (dataClass: new () => object): { $ref: string } => {
    const { name, properties } = modelOf(dataClass);
    if (classes.has(name)) {
      if (classes.get(name) !== dataClass) throw new TypeError(`two contract classes are called ${name}`);
    } else {
      classes.set(name, dataClass);
      definitions[name] = {
        required: properties.filter(({ presence }) => presence !== 'optional').map((property) => property.name),
        ...(refuseUnknown && { additionalProperties: false }),
        properties: Object.fromEntries(properties.map((property) => [property.name, propertySchema(property, refer)])),
      };
    }
    return { $ref: `#/$defs/${name}` };
  };
  return {
    [`${keywordPrefix}isObject`]: { args: [], nullPasses: false, arrayPasses: false } satisfies KeywordValue,
    ...refer(root),
    $defs: definitions,
  };
};

const words = (rule: string, args: readonly unknown[]): string =>
  rule === nestedRule ? 'must be an object' : rules[rule]!.words(args);

/** Every rule of a property refuses undefined, so a missing one breaks them all, as class-validator tells it. */
const missing = (error: ErrorObject): Violation[] => {
  const name = (error.params as { missingProperty: string }).missingProperty;
  const pointer = memberPointer(error.instancePath, name);
  const property = (error.parentSchema as { properties: Record<string, Record<string, KeywordValue>> }).properties[
    name
  ]!;
  return Object.entries(property)
    .filter(([keyword]) => keyword.startsWith(keywordPrefix) && keyword !== `${keywordPrefix}${nestedRule}`)
    .map(([keyword, { args }]) => {
      const rule = keyword.slice(keywordPrefix.length);
      return { pointer, rule, message: `${fieldName(pointer)} is missing; it ${words(rule, args)}` };
    });
};

const violationsOf = (error: ErrorObject): Violation[] => {
  if (error.keyword === 'required') return missing(error);
  if (error.keyword === 'additionalProperties') {
    const pointer = memberPointer(
      error.instancePath,
      (error.params as { additionalProperty: string }).additionalProperty,
    );
    return [{ pointer, rule: 'whitelistValidation', message: `${fieldName(pointer)} is not a known property` }];
  }
  const pointer = error.instancePath;
  const rule = error.keyword.slice(keywordPrefix.length);
  return [{ pointer, rule, message: `${fieldName(pointer)} ${words(rule, (error.schema as KeywordValue).args)}` }];
};

/**
 * The validator of a contract class, compiled from its class-validator decorators: the same verdicts, at the speed of
 * Ajv. Compiles on the first call for a class; throws a TypeError at once for a decorator outside the closed list.
 * Below a value of the wrong kind (an object where an array is due) nothing further is told.
 */
export function validatorOf(dataClass: new () => object, options: ValidatorOptions = {}): Validator {
  const refuseUnknown = options.unknownProperties !== 'ignore';
  const cache = compiled[refuseUnknown ? 'refuse' : 'ignore'];
  const known = cache.get(dataClass);
  if (known) return known;
  const schema = schemaOf(dataClass, refuseUnknown);
  const accepts = ajvOf(false).compile(schema);
  let explain: ValidateFunction | undefined;
  const validator: Validator = (value) => {
    if (accepts(value)) return undefined;
    explain ??= ajvOf(true).compile(schema);
    explain(value);
    return (explain.errors ?? []).slice(0, maxViolations).flatMap(violationsOf).slice(0, maxViolations);
  };
  cache.set(dataClass, validator);
  return validator;
}

/** As `validatorOf`, for what a person or a program sends to be kept: what Postgres could hold in no text is a violation too. */
export function requestValidatorOf(dataClass: new () => object): Validator {
  const validate = validatorOf(dataClass);
  return (value) => {
    const violations = validate(value);
    if (violations) return violations;
    const forbidden = forbiddenCharacters(value);
    return forbidden && [forbidden];
  };
}

const compiled = {
  refuse: new WeakMap<new () => object, Validator>(),
  ignore: new WeakMap<new () => object, Validator>(),
};
