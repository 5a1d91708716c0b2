import { type ServiceName } from '@closeloop/contracts';
import { EffectDelivery, HopDelivery, type BatchHandler, type Part } from '@closeloop/messaging';
import { altered, replaceProvider } from './replace-provider.js';
import { startBroken } from './start-broken.js';

/** Nobody's error that messaging knows: the partition is tried again for ever. */
const stop = (topic: string): never => {
  throw new Error(`a message of ${topic} cannot be handled`);
};

const refusing =
  (topic: string, handler: BatchHandler): BatchHandler =>
  async (...given) => {
    const outcomes = await handler(...given);
    return outcomes.some(({ kind }) => kind === 'dead-letter') ? stop(topic) : outcomes;
  };

/** What would become a dead letter is thrown instead. */
const stopping = altered<EffectDelivery | HopDelivery>((delivery) => {
  const apply = delivery.apply.bind(delivery);
  delivery.apply = async (parts: readonly Part[], handler) => {
    const { topic } = parts[0]!;
    const isPoisoned = parts.some(({ messages, read }) =>
      messages.some((message) => read(message).kind === 'dead-letter'),
    );
    return isPoisoned ? stop(topic) : apply(parts, refusing(topic, handler));
  };
});

export const startStoppingAtPoison = (service: ServiceName): Promise<void> =>
  startBroken(service, (module) =>
    replaceProvider(module, service === 'ingestion' || service === 'loop' ? EffectDelivery : HopDelivery, stopping),
  );
