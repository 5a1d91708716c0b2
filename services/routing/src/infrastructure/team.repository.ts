import { sqlStateOf } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { TeamInUseError, TeamStore, type Team } from '../domain/team.store.js';
import { AuditEntryEntity } from './audit-entry.entity.js';
import { TeamEntity } from './team.entity.js';

const restrictViolation = '23001';

@Injectable()
export class TeamRepository extends TeamStore {
  constructor(private readonly dataSource: DataSource) {
    super();
  }

  override all(): Promise<Team[]> {
    return this.dataSource.manager.find(TeamEntity, { order: { name: 'ASC' } });
  }

  override create({ name, displayName }: { name: string; displayName: string }, by: string): Promise<Team | undefined> {
    return this.dataSource.transaction(async (manager) => {
      const rows = await manager.query<Team[]>(
        `insert into team (name, display_name, created_by) values ($1, $2, $3) on conflict (name) do nothing
         returning name, display_name as "displayName", created_at as "createdAt", created_by as "createdBy"`,
        [name, displayName, by],
      );
      if (rows[0]) await manager.insert(AuditEntryEntity, { actor: by, action: 'team-created', subject: name });
      return rows[0];
    });
  }

  override async remove(name: string, by: string): Promise<boolean> {
    try {
      return await this.dataSource.transaction(async (manager) => {
        const { affected } = await manager.delete(TeamEntity, { name });
        if (!affected) return false;
        await manager.insert(AuditEntryEntity, { actor: by, action: 'team-removed', subject: name });
        return true;
      });
    } catch (error) {
      // The database says which teams stay, so that no two requests can get round it together.
      if (sqlStateOf(error) === restrictViolation) throw new TeamInUseError((error as Error).message, { cause: error });
      throw error;
    }
  }
}
