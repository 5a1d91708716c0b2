import { describe, expect, it } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { rehearsalDocument } from './rehearsal.openapi.js';
import { routingDocument } from './routing.openapi.js';

describe.each([
  ['routing', routingDocument('1.2.3')],
  ['rehearsal', rehearsalDocument('1.2.3')],
])('OpenAPI document of %s', (_name, document) => {
  it('is valid OpenAPI 3.1', async () => {
    expect(await new Validator().validate(document as never)).toEqual({ valid: true });
  });

  it('names nothing that it does not define, and calls every operation by a name of its own', () => {
    const references = [...JSON.stringify(document).matchAll(/"#\/components\/(\w+)\/(\w+)"/g)];
    expect(references.length).toBeGreaterThan(30);
    for (const [, section, name] of references) expect(document.components[section!]).toHaveProperty(name!);
    const ids = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });
});
