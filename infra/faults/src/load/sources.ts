/** Connectors that send; the last one over Kafka, and of it everything is counted exactly. */
export const loadSources = { http: ['faults-web', 'faults-shop'], kafka: 'faults-stream' } as const;
