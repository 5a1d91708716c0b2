import { jsonContent, openApi, type OpenApiOperation } from '@closeloop/platform';

const { count: whole, object, text, timestamp: time } = openApi;
const wholeOrNull = { type: ['integer', 'null'], minimum: 0 };

/** What a service's OpenAPI document says of `GET /v1/station`. */
export const stationPaths = (
  security: OpenApiOperation['security'],
  tag: string,
  refusals: Record<string, unknown>,
): Record<string, Record<string, OpenApiOperation>> => ({
  '/v1/station': {
    get: {
      operationId: 'getStation',
      summary: 'What this replica does with its events: how far it is, and what a stuck partition waits for',
      tags: [tag],
      security,
      responses: {
        '200': {
          description: 'Of the partitions that this replica owns',
          content: jsonContent(
            object(
              {
                service: text,
                group: { ...text, description: 'Consumer group' },
                ready: { type: 'boolean' },
                reasons: { type: 'object', additionalProperties: text, description: 'Why it is not ready, by check' },
                partitions: {
                  type: 'array',
                  items: object(
                    {
                      topic: text,
                      partition: whole,
                      position: { ...wholeOrNull, description: 'First offset that is not done' },
                      end: { ...wholeOrNull, description: 'End of the log; null while Kafka does not say' },
                      lag: wholeOrNull,
                      state: { enum: ['running', 'positioning', 'waiting', 'failing', 'alarm'] },
                      waitsFor: text,
                      since: time,
                      attempts: { ...whole, description: 'Tries that failed since one last succeeded' },
                      lastEventAt: time,
                    },
                    ['waitsFor', 'since', 'lastEventAt'],
                  ),
                },
                outbox: object({
                  unsent: whole,
                  bound: whole,
                  full: { type: 'boolean' },
                  oldestSeconds: { type: 'number', minimum: 0 },
                }),
                events: object({ ok: whole, drop: whole, skip: whole, 'dead-letter': whole }),
              },
              ['outbox'],
            ),
          ),
        },
        ...refusals,
      },
    },
  },
});
