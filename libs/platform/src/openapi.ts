/** As much of OpenAPI 3.1 as the services' documents use. */
export interface OpenApiDocument {
  openapi: string;
  info: Record<string, unknown>;
  servers: { url: string }[];
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, OpenApiOperation>>;
  components: Record<string, Record<string, unknown>>;
}

export interface OpenApiOperation {
  operationId: string;
  summary: string;
  tags: string[];
  security: Record<string, string[]>[];
  responses: Record<string, unknown>;
  description?: string;
  parameters?: unknown[];
  requestBody?: unknown;
}

/** A reference to a schema among the document's components. */
export const schemaRef = (name: string): { $ref: string } => ({ $ref: `#/components/schemas/${name}` });

/** Content of media type application/json; `extra` holds examples. */
export const jsonContent = (schema: object, extra: object = {}): object => ({
  'application/json': { schema, ...extra },
});
