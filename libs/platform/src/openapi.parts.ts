import { jsonContent, type OpenApiDocument, type OpenApiOperation, schemaRef } from './openapi.js';

/** A JSON Schema, and the words that the services' OpenAPI documents are written in. */
export type Schema = Record<string, unknown>;

export const object = (properties: Record<string, unknown>, optional: readonly string[] = []): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
});
export const text: Schema = { type: 'string' };
export const uuid: Schema = { type: 'string', format: 'uuid' };
export const timestamp: Schema = { type: 'string', format: 'date-time' };
export const count: Schema = { type: 'integer', minimum: 0 };
export const positive: Schema = { type: 'integer', minimum: 1 };
export const list = (items: object): Schema => ({ type: 'array', items });

const problems = {
  Invalid: { status: '400', description: 'Not valid; `errors` says where and why' },
  Unauthenticated: { status: '401', description: 'No token that is known' },
  Forbidden: { status: '403', description: 'Not for your role' },
  NotFound: { status: '404', description: 'There is none' },
  VersionConflict: { status: '409', description: 'Something else stands by now; the answer says what' },
  TransitionRefused: { status: '422', description: 'Its state does not allow it; the answer says why' },
  IfMatchMissing: { status: '428', description: 'If-Match is missing' },
  RateLimited: { status: '429', description: 'Too many at once; see Retry-After' },
  Unavailable: { status: '503', description: 'The store is away or too much waits to be sent; see Retry-After' },
} as const;

/** Refusals that an operation may answer with, beside those that each may. */
export const may = (...names: ProblemName[]): Record<string, unknown> =>
  Object.fromEntries(
    ([...names, 'Unauthenticated', 'Forbidden', 'Unavailable'] as const).map((name) => [
      problems[name].status,
      { $ref: `#/components/responses/${name}` },
    ]),
  );

export const people: OpenApiOperation['security'] = [{ person: [] }];
export const connectors: OpenApiOperation['security'] = [{ apiKey: [] }];
export const inPath = (name: string, schema: Schema) => ({ name, in: 'path', required: true, schema });
export const inQuery = (name: string, description: string, schema: Schema) => ({
  name,
  in: 'query',
  description,
  schema,
});
export const body = (name: string) => ({ required: true, content: jsonContent(schemaRef(name)) });
export const answers = (status: '200' | '201' | '202', description: string, schema: object, headers?: object) => ({
  [status]: { description, ...(headers && { headers }), content: jsonContent(schema) },
});

const problemSchema: Schema = {
  type: 'object',
  description: 'RFC 9457',
  properties: { type: text, title: text, status: count, detail: text, errors: { type: 'array' } },
  required: ['type', 'title', 'status'],
};

type ProblemName = keyof typeof problems;

interface DocumentOptions {
  /** Whether connectors are let in, with their API keys */
  servesConnectors?: boolean;
  /** What a refusal means here, where that is more than its status says */
  describe?: Partial<Record<ProblemName, string>>;
}

/** What every document has beside its paths and schemas. */
export const documentOf = (
  info: { title: string; version: string; summary: string },
  tags: OpenApiDocument['tags'],
  paths: OpenApiDocument['paths'],
  schemas: Record<string, unknown>,
  { servesConnectors = false, describe = {} }: DocumentOptions = {},
): OpenApiDocument => ({
  openapi: '3.1.1',
  info: { ...info, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
  servers: [{ url: '/' }],
  tags: [...tags, { name: 'operations', description: 'How the service is doing' }],
  paths,
  components: {
    schemas: { ...schemas, Problem: problemSchema },
    responses: Object.fromEntries(
      Object.entries(problems).map(([name, { description }]) => [
        name,
        {
          description: describe[name as ProblemName] ?? description,
          content: { 'application/problem+json': { schema: schemaRef('Problem') } },
        },
      ]),
    ),
    securitySchemes: {
      ...(servesConnectors && {
        apiKey: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'clk_<id>_<secret>',
          description: 'A connector’s API key',
        },
      }),
      person: {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'JWT',
        description: 'A person’s token, of the OIDC issuer',
      },
    },
  },
});
