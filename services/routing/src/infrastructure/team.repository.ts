import { AuditLog, personal, sqlStateOf } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Actor } from '../domain/actor.js';
import { TeamInUseError, TeamStore, type Team } from '../domain/team.store.js';
import { TeamEntity } from './team.entity.js';

const restrictViolation = '23001';

@Injectable()
export class TeamRepository extends TeamStore {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
  ) {
    super();
  }

  override all(): Promise<Team[]> {
    return this.dataSource.manager.find(TeamEntity, { order: { name: 'ASC' } });
  }

  override create({ name, displayName }: { name: string; displayName: string }, by: Actor): Promise<Team | undefined> {
    return this.dataSource.transaction(async (manager) => {
      const rows = await manager.query<Team[]>(
        `insert into team (name, display_name, created_by) values ($1, $2, $3) on conflict (name) do nothing
         returning name, display_name as "displayName", created_at as "createdAt", created_by as "createdBy"`,
        [name, displayName, by.subject],
      );
      if (rows[0]) {
        await this.audit.append(manager, {
          ...{ actor: by, action: 'team.created', resource: { kind: 'team', id: name } },
          after: { displayName: personal(displayName) },
        });
      }
      return rows[0];
    });
  }

  override async remove(name: string, by: Actor): Promise<boolean> {
    try {
      return await this.dataSource.transaction(async (manager) => {
        const [gone] = await manager.query<{ displayName: string }[]>(
          `with gone as (delete from team where name = $1 returning display_name)
           select display_name "displayName" from gone`,
          [name],
        );
        if (!gone) return false;
        await this.audit.append(manager, {
          ...{ actor: by, action: 'team.removed', resource: { kind: 'team', id: name } },
          before: { displayName: personal(gone.displayName) },
        });
        return true;
      });
    } catch (error) {
      // The database says which teams stay, so that no two requests can get round it together.
      if (sqlStateOf(error) === restrictViolation) throw new TeamInUseError((error as Error).message, { cause: error });
      throw error;
    }
  }
}
