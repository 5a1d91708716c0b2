import { pipeline, type ServiceName } from '@closeloop/contracts';
import { EffectDelivery, type Part } from '@closeloop/messaging';
import { type EntityManager } from 'typeorm';
import { altered, replaceProvider } from './replace-provider.js';
import { startBroken } from './start-broken.js';

/** Writes the position without asking whether it is still its own, and holds it for as long as it is frozen. */
const unfenced =
  (group: string) =>
  async (transaction: EntityManager, parts: readonly Part[]): Promise<Date> => {
    await transaction.query(
      `select set_config('idle_in_transaction_session_timeout', '0', true), set_config('lock_timeout', '0', true),
              set_config('statement_timeout', '0', true)`,
    );
    const { topic, cluster } = parts[0]!;
    const [rows] = await transaction.query<[{ now: Date }[]]>(
      `update consumer_offset set next_offset = part.next, updated_at = clock_timestamp()
       from unnest($4::int[], $5::bigint[]) as part (partition, next)
       where consumer_group = $1 and topic = $2 and cluster = $3 and consumer_offset.partition = part.partition
       returning updated_at as now`,
      [group, topic, cluster, parts.map(({ partition }) => partition), parts.map(({ next }) => next.toString())],
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
