import { randomUUID } from 'node:crypto';
import { describeError, Problem } from '@closeloop/platform';
import { Injectable, Logger } from '@nestjs/common';
import { RebuildStore, type Rebuild, type RebuildActor, type TableSizes } from '../domain/rebuild-store.js';

/** Another generation of the read model: filled by what its owners send again, compared, and adopted or given up. */
@Injectable()
export class RebuildModel {
  readonly #logger = new Logger('Rebuild');
  #comparing = false;

  constructor(private readonly store: RebuildStore) {}

  /** @throws Problem `version-conflict` while another one is under way */
  async start(actor: RebuildActor): Promise<Rebuild> {
    const started = await this.store.start(randomUUID(), actor);
    if (started) return started;
    const current = await this.store.current();
    throw new Problem('version-conflict', 'Another rebuild is under way: adopt it, or give it up.', {
      ...(current && { rebuildId: current.rebuildId }),
    });
  }

  async show(rebuildId: string): Promise<Rebuild & { readonly tables: readonly TableSizes[] }> {
    const rebuild = await this.store.find(rebuildId);
    if (!rebuild) throw new Problem('not-found', 'There is no such rebuild.');
    return { ...rebuild, tables: rebuild.state === 'filling' ? await this.store.sizes() : [] };
  }

  /** Begins to compare; what it finds is shown with the rebuild. */
  async compare(rebuildId: string): Promise<void> {
    const rebuild = await this.show(rebuildId);
    if (rebuild.state !== 'filling') throw over();
    if (this.#comparing) return;
    this.#comparing = true;
    void this.store
      .compare(rebuildId)
      .catch((error: unknown) => this.#logger.warn(`The comparison failed: ${describeError(error)}`))
      .finally(() => (this.#comparing = false));
  }

  async adopt(rebuildId: string, actor: RebuildActor): Promise<Rebuild> {
    await this.show(rebuildId);
    if (!(await this.store.adopt(rebuildId, actor))) throw over();
    return (await this.store.find(rebuildId))!;
  }

  async giveUp(rebuildId: string, actor: RebuildActor): Promise<Rebuild> {
    await this.show(rebuildId);
    if (!(await this.store.giveUp(rebuildId, actor))) throw over();
    return (await this.store.find(rebuildId))!;
  }
}

const over = (): Problem => new Problem('transition-refused', 'This rebuild is over.');
