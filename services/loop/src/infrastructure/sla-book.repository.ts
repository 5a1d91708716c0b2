import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { type Loop } from '../domain/loop.js';
import { readDocument } from '../domain/sla/document.js';
import { CompiledSettings, versionOf, type TermsRef } from '../domain/sla/settings.js';
import { SlaBook } from '../domain/sla/sla-book.js';
import { SlaSettingsEntity } from './sla-settings.entity.js';

/** The versions that were read; none ever changes, so each is read once. */
@Injectable()
export class KeptSlaBook extends SlaBook {
  readonly #known = new Map<number, CompiledSettings>();
  #active = 0;

  constructor(private readonly dataSource: DataSource) {
    super();
  }

  override get active(): CompiledSettings {
    return this.settingsOfVersion(this.#active);
  }

  override settingsOf(ref: TermsRef): CompiledSettings {
    return this.settingsOfVersion(versionOf(ref));
  }

  override async refresh(): Promise<void> {
    const [row] = await this.dataSource.query<{ version: number }[]>(
      'select max(version) as version from sla_settings',
    );
    const version = row?.version ?? 0;
    if (version === 0) throw new Error('sla_settings is empty: run npx closeloop migrate');
    await this.read(this.dataSource.manager, new Set([version]));
    this.#active = version;
  }

  /** The same loops, once what is promised to each of them was read. */
  async withTerms<T extends Iterable<Loop>>(manager: EntityManager, loops: T): Promise<T> {
    const versions = new Set<number>();
    for (const { clocks } of loops) {
      if (clocks && !this.#known.has(versionOf(clocks.terms))) versions.add(versionOf(clocks.terms));
    }
    await this.read(manager, versions);
    return loops;
  }

  private async read(manager: EntityManager, versions: ReadonlySet<number>): Promise<void> {
    for (const version of versions) {
      if (this.#known.has(version)) continue;
      const { document } = await manager.findOneByOrFail(SlaSettingsEntity, { version });
      const read = readDocument(document, version);
      if ('violations' in read) {
        const [{ pointer, message } = { pointer: '', message: '' }] = read.violations;
        throw new Error(`version ${version} of sla_settings does not hold: ${pointer} ${message}`);
      }
      this.#known.set(version, new CompiledSettings(read.settings));
    }
  }

  private settingsOfVersion(version: number): CompiledSettings {
    const known = this.#known.get(version);
    if (!known) throw new Error(`version ${version} of sla_settings was not read`);
    return known;
  }
}
