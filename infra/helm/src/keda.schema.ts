/** What KEDA 2 takes of what the chart uses, closed: https://keda.sh/docs/latest/reference/scaledobject-spec/ and scalers/apache-kafka, cpu. */
const metadata = {
  type: 'object',
  required: ['name', 'labels'],
  additionalProperties: false,
  properties: { name: { type: 'string', maxLength: 63 }, labels: { type: 'object' } },
};
const whole = (minimum: number) => ({ type: 'integer', minimum });
const closed = (required: readonly string[], properties: object) => ({
  type: 'object',
  required,
  additionalProperties: false,
  properties,
});
const text = { type: 'string', minLength: 1 };
/** A trigger's values are strings, whatever they mean. */
const number = { type: 'string', pattern: '^[1-9][0-9]*$' };

export const scaledObject = closed(['apiVersion', 'kind', 'metadata', 'spec'], {
  apiVersion: { const: 'keda.sh/v1alpha1' },
  kind: { const: 'ScaledObject' },
  metadata,
  spec: closed(['scaleTargetRef', 'triggers'], {
    scaleTargetRef: closed(['name'], { name: text }),
    pollingInterval: whole(1),
    minReplicaCount: whole(0),
    maxReplicaCount: whole(1),
    advanced: closed([], {
      horizontalPodAutoscalerConfig: closed([], {
        behavior: closed([], {
          scaleDown: closed([], {
            stabilizationWindowSeconds: { type: 'integer', minimum: 0, maximum: 3600 },
            policies: {
              type: 'array',
              items: closed(['type', 'value', 'periodSeconds'], {
                type: { enum: ['Pods', 'Percent'] },
                value: whole(1),
                periodSeconds: { type: 'integer', minimum: 1, maximum: 1800 },
              }),
            },
          }),
        }),
      }),
    }),
    triggers: {
      type: 'array',
      minItems: 1,
      items: {
        oneOf: [
          closed(['type', 'metadata'], {
            type: { const: 'kafka' },
            metadata: closed(['bootstrapServers', 'consumerGroup', 'topic'], {
              bootstrapServers: text,
              consumerGroup: text,
              topic: text,
              lagThreshold: number,
              offsetResetPolicy: { enum: ['latest', 'earliest'] },
              sasl: { enum: ['plaintext', 'scram_sha256', 'scram_sha512', 'none'] },
              tls: { enum: ['enable', 'disable'] },
            }),
            authenticationRef: closed(['name'], { name: text }),
          }),
          closed(['type', 'metricType', 'metadata'], {
            type: { const: 'cpu' },
            metricType: { enum: ['Utilization', 'AverageValue'] },
            metadata: closed(['value'], { value: number }),
          }),
        ],
      },
    },
  }),
});

export const triggerAuthentication = closed(['apiVersion', 'kind', 'metadata', 'spec'], {
  apiVersion: { const: 'keda.sh/v1alpha1' },
  kind: { const: 'TriggerAuthentication' },
  metadata,
  spec: closed(['secretTargetRef'], {
    secretTargetRef: {
      type: 'array',
      minItems: 1,
      items: closed(['parameter', 'name', 'key'], {
        parameter: { enum: ['username', 'password', 'ca', 'cert', 'key'] },
        name: text,
        key: text,
      }),
    },
  }),
});
