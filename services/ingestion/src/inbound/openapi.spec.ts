import { describe, expect, it } from '@jest/globals';
import { validatorOf, FeedbackInput } from '@closeloop/contracts';
import { Validator } from '@seriousme/openapi-schema-validator';
import { openApiDocument } from './openapi.js';

interface Media {
  readonly schema: { readonly $ref?: string };
  readonly example?: unknown;
}

describe('OpenAPI document', () => {
  const document = openApiDocument('1.2.3');
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));

  it('is valid OpenAPI 3.1', async () => {
    const result = await new Validator().validate(document as never);
    expect(result).toEqual({ valid: true });
    expect(document.openapi).toMatch(/^3\.1\./);
  });

  it('names nothing that it does not define', () => {
    const text = JSON.stringify(document);
    for (const [, section, name] of text.matchAll(/"#\/components\/(\w+)\/(\w+)"/g)) {
      expect(document.components[section!]).toHaveProperty(name!);
    }
    for (const { security } of operations) {
      for (const scheme of security.flatMap(Object.keys))
        expect(document.components.securitySchemes).toHaveProperty(scheme);
    }
  });

  it('calls every operation by a name of its own', () => {
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('gives examples that the contracts accept', () => {
    const violationsOf = validatorOf(FeedbackInput);
    const examples = operations
      .map(({ requestBody }) => (requestBody as { content: Record<string, Media> } | undefined)?.content)
      .flatMap((content) => Object.values(content ?? {}))
      .filter(({ schema, example }) => schema.$ref === '#/components/schemas/FeedbackInput' && example !== undefined)
      .map(({ example }) => example);
    expect(examples.length).toBeGreaterThanOrEqual(2);
    for (const example of examples) expect(violationsOf(example)).toBeUndefined();
  });
});
