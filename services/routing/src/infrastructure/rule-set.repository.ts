import { sqlStateOf } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { RuleSetConflictError, RuleSetStore, UnknownTeamError, type StoredRuleSet } from '../domain/rule-set.store.js';
import type { RuleDefinition } from '../domain/rule-set.js';
import { AuditEntryEntity } from './audit-entry.entity.js';
import { RuleEntity, RuleSetEntity } from './rule-set.entity.js';

const foreignKeyViolation = '23503';
/** Held while a rule set becomes the active one: versions are counted without gaps, and one at a time. */
const activationLock = 4_603_000_001;

@Injectable()
export class RuleSetRepository extends RuleSetStore {
  constructor(private readonly dataSource: DataSource) {
    super();
  }

  override async activeVersion(): Promise<number> {
    return (await this.#activeRow(this.dataSource.manager)).version;
  }

  override active(): Promise<StoredRuleSet> {
    // One snapshot: between two statements another version could become the active one.
    return this.dataSource.transaction('REPEATABLE READ', (manager) => this.#read(manager));
  }

  override async activate(rules: readonly RuleDefinition[], by: string, basedOn?: number): Promise<StoredRuleSet> {
    try {
      return await this.dataSource.transaction(async (manager) => {
        await manager.query('select pg_advisory_xact_lock($1)', [activationLock]);
        const { version: activeVersion } = await this.#activeRow(manager);
        if (basedOn !== undefined && basedOn !== activeVersion) throw new RuleSetConflictError(activeVersion);
        const version = activeVersion + 1;
        await manager.update(
          RuleSetEntity,
          { version: activeVersion },
          { state: 'retired', retiredAt: () => 'clock_timestamp()' },
        );
        await manager.query(`insert into rule_set (version, state, created_by) values ($1, 'active', $2)`, [
          version,
          by,
        ]);
        if (rules.length > 0) {
          const rows = rules.map((rule, position) => ({ ...rule, ruleSetVersion: version, position }));
          await manager.insert(RuleEntity, rows);
        }
        await manager.insert(AuditEntryEntity, { actor: by, action: 'rule-set-activated', subject: String(version) });
        return this.#read(manager);
      });
    } catch (error) {
      if (sqlStateOf(error) === foreignKeyViolation)
        throw new UnknownTeamError((error as Error).message, { cause: error });
      throw error;
    }
  }

  async #read(manager: EntityManager): Promise<StoredRuleSet> {
    const { version, createdAt, createdBy } = await this.#activeRow(manager);
    const rows = await manager.find(RuleEntity, { where: { ruleSetVersion: version }, order: { position: 'ASC' } });
    const rules = rows.map(({ ruleSetVersion: _version, position: _position, ...rule }) => rule);
    return { version, createdAt, createdBy, rules };
  }

  async #activeRow(manager: EntityManager): Promise<RuleSetEntity> {
    const row = await manager.findOneBy(RuleSetEntity, { state: 'active' });
    if (!row) throw new Error('There is no active rule set: the seed migration makes one, and none is ever removed');
    return row;
  }
}
