import { describe, expect, it } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { openApiDocument } from './openapi.js';

describe('OpenAPI document', () => {
  const document = openApiDocument('1.2.3');

  it('is valid OpenAPI 3.1', async () => {
    expect(await new Validator().validate(document as never)).toEqual({ valid: true });
  });

  it('names nothing that it does not define, and calls every operation by a name of its own', () => {
    const references = [...JSON.stringify(document).matchAll(/"#\/components\/(\w+)\/(\w+)"/g)];
    expect(references.length).toBeGreaterThan(20);
    for (const [, section, name] of references) expect(document.components[section!]).toHaveProperty(name!);
    const ids = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });
});
