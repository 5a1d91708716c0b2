import { pipeline, type ServiceName } from '@closeloop/contracts';
import { EffectDelivery, type Part } from '@closeloop/messaging';
import { type EntityManager } from 'typeorm';
import { altered, replaceProvider } from './replace-provider.js';
import { startBroken } from './start-broken.js';

/** Writes the position without asking whether it is still its own, and holds it for as long as it is frozen. */
const unfenced =
  (group: string) =>
  async (transaction: EntityManager, { topic, partition, cluster, next }: Part): Promise<Date> => {
    await transaction.query(
      `select set_config('idle_in_transaction_session_timeout', '0', true), set_config('lock_timeout', '0', true),
              set_config('statement_timeout', '0', true)`,
    );
    const [rows] = await transaction.query<[{ now: Date }[]]>(
      `update consumer_offset set next_offset = $1, updated_at = clock_timestamp()
       where consumer_group = $2 and topic = $3 and partition = $4 and cluster = $5
       returning updated_at as now`,
      [next.toString(), group, topic, partition, cluster],
    );
    return rows[0]!.now;
  };

export const startUnfenced = (service: ServiceName): Promise<void> =>
  startBroken(service, (module) =>
    replaceProvider(
      module,
      EffectDelivery,
      altered<EffectDelivery>((delivery) => {
        if (!('fence' in delivery)) throw new Error('EffectDelivery has no fence to be taken out any more.');
        Object.assign(delivery, { fence: unfenced(pipeline[service].group) });
      }),
    ),
  );
