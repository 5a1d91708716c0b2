export { KafkaConfig } from './kafka.config.js';
export { createTopics } from './topics.js';
export { MessagingModule, type MessagingOptions } from './messaging.module.js';
export { EffectContext, type IncomingDeadLetter, type IncomingEvent } from './incoming.js';
export { deadLetter, drop, ok, type Outcome, type OutgoingEvent } from './outcome.js';
export { Outbox } from './outbox.js';
export { messagingTables } from './migrations/messaging-1763700000000.js';
export { BackPressure, EventError } from './whose-error.js';
