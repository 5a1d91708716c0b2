import { canonicalJson, sha256 } from '@closeloop/contracts';
import { AuditLog, personal } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type Person } from '../domain/permission.js';
import { SettingsStore, type KeptSettings } from '../domain/sla/settings-store.js';
import { SlaSettingsEntity } from './sla-settings.entity.js';

/** How many open loops get new promises a second: what is due otherwise goes on between them. */
const appliedEachSecond = 500;

@Injectable()
export class SlaSettingsRepository extends SettingsStore {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
  ) {
    super();
  }

  override async list(limit: number): Promise<Omit<KeptSettings, 'document'>[]> {
    const rows = await this.dataSource.manager.find(SlaSettingsEntity, {
      select: { version: true, createdAt: true, createdBy: true, reason: true },
      order: { version: 'DESC' },
      take: limit,
    });
    return rows.map(headOf);
  }

  override async find(version?: number): Promise<KeptSettings | undefined> {
    const [row] = await this.dataSource.manager.find(SlaSettingsEntity, {
      ...(version !== undefined && { where: { version } }),
      order: { version: 'DESC' },
      take: 1,
    });
    return row && { ...headOf(row), document: row.document };
  }

  override create(
    basedOn: number,
    { by, reason, document }: Pick<KeptSettings, 'reason' | 'document'> & { readonly by: Person },
    applyToOpen: boolean,
  ): Promise<{ readonly kept: KeptSettings; readonly toApply: number } | undefined> {
    return this.dataSource.transaction(async (manager) => {
      const [row] = await manager.query<{ version: number; created_at: Date }[]>(
        `insert into sla_settings (version, created_at, created_by, reason, document)
          select max(version) + 1, date_trunc('milliseconds', clock_timestamp()), $2, $3, $4 from sla_settings
          having max(version) = $1 on conflict do nothing returning version, created_at`,
        [basedOn, by.subject, reason ?? null, JSON.stringify(document)],
      );
      if (!row) return undefined;
      const kept = {
        ...{ version: row.version, createdAt: row.created_at, createdBy: by.subject, document },
        ...(reason !== undefined && { reason }),
      };
      const toApply = applyToOpen ? await this.applyToOpen(manager) : 0;
      await this.audit.append(manager, {
        actor: { kind: 'person', subject: by.subject, roles: by.roles },
        ...{ action: 'sla-settings.activated', resource: { kind: 'sla-settings', id: String(kept.version) } },
        before: { active: basedOn },
        // the version itself stays: the hash tells whether it is still what was made
        after: { active: kept.version, document: sha256(canonicalJson(document)), toApply, reason: personal(reason) },
      });
      return { kept, toApply };
    });
  }

  /**
   * A deadline for each open loop, at the pace at which they are to be met: what meets deadlines does the rest, with all
   * replicas, and goes on after a restart. The first is due when every replica knows the version.
   */
  private async applyToOpen(manager: { query(sql: string, parameters: unknown[]): Promise<unknown> }): Promise<number> {
    // of an earlier application that is not through
    await manager.query(`delete from deadline where kind = 'terms'`, []);
    const [{ count } = { count: 0 }] = (await manager.query(
      `with due as (
         insert into deadline (loop_id, kind, due_at)
         select loop_id, 'terms', date_trunc('milliseconds', clock_timestamp()) + interval '5 s'
           + row_number() over () * $1::float8 * interval '1 s'
         from loop where closed_at is null and not historic
         returning 1
       ) select count(*)::int count from due`,
      [1 / appliedEachSecond],
    )) as { count: number }[];
    return count;
  }
}

const headOf = ({ version, createdAt, createdBy, reason }: SlaSettingsEntity): Omit<KeptSettings, 'document'> => ({
  ...{ version, createdAt, createdBy },
  ...(reason !== null && { reason }),
});
