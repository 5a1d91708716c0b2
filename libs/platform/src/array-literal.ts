const plain = /^[\w.:+-]+$/;

type Element = string | number | boolean | null | undefined;

/**
 * A Postgres array literal of texts, numbers and truths. The driver writes one too, but quotes and escapes every element, which is a seventh
 * of what settling a batch costs; ids, numbers and names need neither.
 * @returns undefined for an array that holds anything else, which is left to the driver
 */
export function arrayLiteral(values: readonly unknown[]): string | undefined {
  const elements: string[] = new Array<string>(values.length);
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    const isElement =
      value == null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    if (!isElement) return undefined;
    elements[index] = elementOf(value);
  }
  return `{${elements.join(',')}}`;
}

function elementOf(value: Element): string {
  if (value == null) return 'NULL';
  if (typeof value !== 'string') return String(value);
  if (plain.test(value) && (value.length !== 4 || value.toUpperCase() !== 'NULL')) return value;
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
