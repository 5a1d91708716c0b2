export { KafkaConfig } from './kafka.config.js';
export { createTopics, TopicMaker } from './topics.js';
export { MessagingModule, type MessagingOptions } from './messaging.module.js';
export { EffectContext, type IncomingDeadLetter, type IncomingEvent } from './incoming.js';
export { jsonMembers, jsonOf, jsonWith } from './json-bytes.js';
export { deadLetter, drop, ok, type Outcome, type OutgoingEvent } from './outcome.js';
export { Outbox } from './outbox.js';
export { messagingTables } from './migrations/messaging-1763700000000.js';
export { type ResetPosition, resetPositions } from './positions.js';
export { readLog } from './read-log.js';
export { stationPaths } from './station.openapi.js';
export { type PartitionState, type PartitionStatus, type StationStatus } from './station-status.js';
export { BackPressure, EventError } from './whose-error.js';

// What the guarantees are made of, each a provider under its class: a harness takes one out at bootstrap and sees the promise broken.
export { type BatchHandler, type Part } from './batch.js';
export { BatchProducer } from './batch-producer.js';
export { EffectDelivery } from './effect.delivery.js';
export { HopDelivery } from './hop.delivery.js';
export { OutboxRelay } from './outbox-relay.js';
export { packHeaders, textHeaders, unpackHeaders, type WireHeaders, type WireMessage } from './wire.js';
