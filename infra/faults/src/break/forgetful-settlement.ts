import { type Type } from '@nestjs/common';
import { replaceProvider } from './replace-provider.js';
import { builtFile, startBroken } from './start-broken.js';

interface Key {
  readonly feedbackId: string;
  readonly revision: number;
}

interface Changes {
  readonly settlements: readonly { readonly key: Key }[];
}

/** What this needs to know of the loop service's settlement store. */
interface Transaction {
  toldOf(keys: readonly Key[]): Promise<Map<string, unknown>>;
  save(now: Date, changes: Changes): Promise<void>;
}

interface Store {
  within(transaction: object): Transaction;
}

/** Does not remember what was settled under a dedupe key, and minds no second settlement. */
const forgetful = (store: Store): Store => ({
  within: (given) => {
    const transaction = store.within(given);
    const known = transaction.toldOf.bind(transaction);
    const save = transaction.save.bind(transaction);
    transaction.toldOf = () => Promise.resolve(new Map<string, unknown>());
    transaction.save = async (now, changes) => {
      const settlements = [];
      // the unique key, too, is taken out of the way: only what it has not yet goes there
      for (const one of changes.settlements) if ((await known([one.key])).size === 0) settlements.push(one);
      await save(now, { ...changes, settlements });
    };
    return transaction;
  },
});

/** The loop service without its dedupe. */
export async function startForgetful(): Promise<void> {
  const { SettlementStore } = await builtFile<{ SettlementStore: unknown }>('loop', 'domain/settlement-store.js');
  const { SettlementRepository } = await builtFile<{ SettlementRepository: Type<Store> }>(
    'loop',
    'infrastructure/settlement.repository.js',
  );
  await startBroken('loop', (module) =>
    replaceProvider(module, SettlementStore, () => ({
      provide: SettlementStore as Type,
      useFactory: () => forgetful(new SettlementRepository()),
    })),
  );
}
