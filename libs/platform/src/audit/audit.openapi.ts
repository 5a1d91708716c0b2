import { jsonContent, type OpenApiOperation } from '../openapi.js';
import { object, text, timestamp as time } from '../openapi.parts.js';

const whole = { type: 'integer', minimum: 0 };
const inQuery = (name: string, description: string, schema: object = text) => ({
  ...{ name, in: 'query', description, schema },
});
const facts = {
  type: ['object', 'null'],
  additionalProperties: true,
  description: 'Keys and plain values by name; `{"hash": …}` stands for what is personal',
};

/** What a service's OpenAPI document says of `GET /v1/audit` and `GET /v1/audit/head`. `refusals`: of 400 too. */
export const auditPaths = (
  security: OpenApiOperation['security'],
  tag: string,
  refusals: Record<string, unknown>,
): Record<string, Record<string, OpenApiOperation>> => ({
  '/v1/audit': {
    get: {
      operationId: 'listAudit',
      summary: 'Who changed what here, newest first; for managers and admins',
      tags: [tag],
      security,
      parameters: [
        inQuery('actor', "Subject of a person's token, or user of a command"),
        inQuery('action', 'Such as `api-key.created`'),
        inQuery('kind', 'Kind of what was changed, such as `loop`'),
        inQuery('resource', 'Its id'),
        inQuery('from', 'Then or later', time),
        inQuery('to', 'Before that', time),
        inQuery('cursor', 'Where the page before ended'),
        inQuery('limit', 'Entries on a page', { type: 'integer', minimum: 1, maximum: 200, default: 50 }),
      ],
      responses: {
        '200': {
          description: 'A page; `cursor` is there while more follow',
          content: jsonContent(
            object(
              {
                items: {
                  type: 'array',
                  items: object({
                    id: text,
                    at: { ...time, description: "The database's clock" },
                    actor: object({
                      kind: { enum: ['person', 'command'] },
                      subject: text,
                      roles: { type: 'array', items: text },
                    }),
                    action: text,
                    resource: object({ kind: text, id: text }),
                    before: facts,
                    after: facts,
                    seal: {
                      ...object({ number: { type: 'integer', minimum: 1 }, hash: text }),
                      type: ['object', 'null'],
                      description: 'Place in the chain and hash; null until it is sealed, some seconds later',
                    },
                  }),
                },
                cursor: text,
              },
              ['cursor'],
            ),
          ),
        },
        ...refusals,
      },
    },
  },
  '/v1/audit/head': {
    get: {
      operationId: 'getAuditHead',
      summary: 'The end of the chain over the audit log, to be kept elsewhere and checked against later',
      tags: [tag],
      security,
      responses: {
        '200': {
          description: '`head` is what `closeloop audit verify --head` takes',
          content: jsonContent(
            object({
              head: { ...text, examples: [`loop:42:${'9f'.repeat(32)}`] },
              seal: whole,
              hash: text,
              unsealed: whole,
              at: time,
            }),
          ),
        },
        ...refusals,
      },
    },
  },
});
