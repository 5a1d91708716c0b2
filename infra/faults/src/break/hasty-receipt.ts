import { altered, replaceProvider } from './replace-provider.js';
import { builtFile, startBroken } from './start-broken.js';

interface Parcel {
  readonly receiver: { readonly endpointId: string };
  readonly deliveries: readonly { readonly deliveryId: string; readonly lease: string }[];
}

/** What this needs to know of the loop service's delivery store. */
interface Store {
  claim(limit: number, ofEach: number, underWay: ReadonlyMap<string, number>, times: object): Promise<Parcel[]>;
  record(results: readonly object[], times: object): Promise<void>;
}

/** The loop service, with every delivery written down as sent before its receiver is asked. */
export async function startHasty(): Promise<void> {
  const { DeliveryStore } = await builtFile<{ DeliveryStore: unknown }>('loop', 'domain/delivery-store.js');
  await startBroken('loop', (module) =>
    replaceProvider(
      module,
      DeliveryStore,
      altered<Store>((store) => {
        const claim = store.claim.bind(store);
        store.claim = async (limit, ofEach, underWay, times) => {
          const parcels = await claim(limit, ofEach, underWay, times);
          const results = parcels.flatMap(({ receiver: { endpointId }, deliveries }) =>
            deliveries.map(({ deliveryId, lease }) => ({ deliveryId, lease, endpointId, state: 'sent', dueInMs: 0 })),
          );
          if (results.length > 0) await store.record(results, times);
          return parcels;
        };
      }),
    ),
  );
}
