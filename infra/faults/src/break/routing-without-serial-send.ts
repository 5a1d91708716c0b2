import { startWithConcurrentProducer } from './concurrent-producer.js';

await startWithConcurrentProducer('routing');
