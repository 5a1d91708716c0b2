import { type ServiceName } from '@closeloop/contracts';
import { BatchProducer, Outbox, type WireMessage } from '@closeloop/messaging';
import { type EntityManager, type QueryRunner } from 'typeorm';
import { altered, replaceProvider } from './replace-provider.js';
import { startBroken } from './start-broken.js';

/** Sends after the commit, out of memory: what is not sent then is never sent. */
const sendingAfterCommit =
  (producer: BatchProducer) =>
  (transaction: EntityManager, messages: readonly WireMessage[]): Promise<void> => {
    if (messages.length === 0) return Promise.resolve();
    const runner = transaction.queryRunner as QueryRunner;
    const commit = runner.commitTransaction.bind(runner);
    runner.commitTransaction = async () => {
      runner.commitTransaction = commit;
      await commit();
      producer.send(messages).catch(() => undefined);
    };
    return Promise.resolve();
  };

export const startWithRowlessOutbox = (service: ServiceName): Promise<void> =>
  startBroken(service, (module) =>
    replaceProvider(
      module,
      Outbox,
      altered<Outbox>((outbox, producer: BatchProducer) => {
        outbox.appendMessages = sendingAfterCommit(producer);
      }, BatchProducer),
    ),
  );
