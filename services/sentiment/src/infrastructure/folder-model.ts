import { ActiveModelStore, type Activation, type KeptModel } from '../domain/own/model-store.js';
import { readOwnModel } from './own-model.js';

/** The model in a folder, as `closeloop adapt` writes it, is the active one and stays it. */
export class FolderModel extends ActiveModelStore {
  readonly #kept: KeptModel;

  /** @throws Error naming the folder, where it is not whole */
  constructor(folder: string) {
    super();
    this.#kept = readOwnModel(folder);
  }

  override active(): Promise<Activation> {
    return Promise.resolve({ number: 1, version: this.#kept.version, rollback: false });
  }

  override kept(): Promise<KeptModel> {
    return Promise.resolve(this.#kept);
  }
}
