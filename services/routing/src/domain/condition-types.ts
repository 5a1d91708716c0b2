import { Feedback, jsonSchemaOf, Tags, type JsonSchema } from '@closeloop/contracts';

/** What a condition looks at. */
export interface ConditionSubject {
  feedback: Feedback;
  tags: Tags | null;
}

/** What a part of a condition can be, as far as conditions tell things apart. */
export type ConditionType =
  | { kind: 'string'; values?: readonly string[] }
  | { kind: 'int' | 'double' | 'bool' | 'dyn' }
  | { kind: 'list'; of: ConditionType }
  | { kind: 'map' }
  | { kind: 'message'; name: string; fields: ReadonlyMap<string, ConditionType> };

const typeOf = (schema: JsonSchema, name: string, definitions: Record<string, JsonSchema>): ConditionType => {
  if (schema.$ref !== undefined) {
    const target = schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
    return typeOf(definitions[target] ?? {}, target, definitions);
  }
  const alternative = schema.anyOf?.find(({ type }) => type !== 'null');
  if (alternative) return typeOf(alternative, name, definitions);
  const values = schema.enum?.filter((value) => typeof value === 'string');
  const type = [schema.type].flat().find((each) => each !== 'null') ?? (values ? 'string' : undefined);
  switch (type) {
    case 'string':
      return values ? { kind: 'string', values } : { kind: 'string' };
    case 'number':
    case 'integer':
      return { kind: 'double' };
    case 'boolean':
      return { kind: 'bool' };
    case 'array':
      return { kind: 'list', of: typeOf(schema.items ?? {}, `${name}Item`, definitions) };
    case 'object': {
      if (!schema.properties) return { kind: 'map' };
      const fields = Object.entries(schema.properties).map(
        ([field, of]) => [field, typeOf(of, `${name}_${field}`, definitions)] as const,
      );
      return { kind: 'message', name, fields: new Map(fields) };
    }
    default:
      throw new TypeError(`A condition cannot speak of ${name}: its type is ${String(type)}`);
  }
};

const typeOfContract = (dataClass: new () => object, name: string): ConditionType => {
  const schema = jsonSchemaOf(dataClass);
  return typeOf(schema, name, schema.$defs ?? {});
};

/** What a condition may speak of, as the contracts declare it: numbers are CEL doubles, points in time strings. */
export const conditionVariables: ReadonlyMap<string, ConditionType> = new Map([
  ['feedback', typeOfContract(Feedback, 'Feedback')],
  ['tags', typeOfContract(Tags, 'Tags')],
]);

/** CEL's name of a type. */
export const celTypeName = (type: ConditionType): string => {
  switch (type.kind) {
    case 'list':
      return `list<${celTypeName(type.of)}>`;
    case 'map':
      return 'map<string, dyn>';
    case 'message':
      return type.name;
    case 'string':
    case 'int':
    case 'double':
    case 'bool':
    case 'dyn':
      return type.kind;
  }
};
