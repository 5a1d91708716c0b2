import { Injectable } from '@nestjs/common';
import { AuditLog, sqlStateOf } from '@closeloop/platform';
import { DataSource, type EntityManager } from 'typeorm';
import { type Person } from '../domain/permission.js';
import {
  TemplateStore,
  type NewTemplate,
  type ReplaceResult,
  type Template,
  type TemplateRefused,
} from '../domain/template-store.js';
import { TemplateEntity, templateOf } from './template.entity.js';

const uniqueViolation = '23505';

@Injectable()
export class TemplateRepository extends TemplateStore {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: AuditLog,
  ) {
    super();
  }

  override async list(team: string): Promise<Template[]> {
    const rows = await this.dataSource.manager.find(TemplateEntity, { where: { team }, order: { name: 'ASC' } });
    return rows.map(templateOf);
  }

  override find(team: string, templateId: string): Promise<Template | undefined> {
    return find(this.dataSource.manager, team, templateId);
  }

  override create(person: Person, template: NewTemplate, most: number): Promise<Template | undefined> {
    const { templateId, team, name } = template;
    return this.dataSource.transaction(async (tx) => {
      const rows = await tx.query<unknown[]>(
        `insert into template (template_id, team, name, version, body, changed_at, changed_by)
          select $1, $2, $3, 1, $4, date_trunc('milliseconds', clock_timestamp()), $5
            where (select count(*) from template where team = $2) < $6
          on conflict (team, name) do nothing returning 1`,
        [templateId, team, name, bodyOf(template), person.subject, most],
      );
      if (rows.length !== 1) return undefined;
      const created = (await find(tx, team, templateId))!;
      await this.note(tx, person, 'template.created', undefined, created);
      return created;
    });
  }

  override async replace(person: Person, template: NewTemplate, expected: number): Promise<ReplaceResult> {
    const { templateId, team, name } = template;
    try {
      return await this.dataSource.transaction<ReplaceResult>(async (tx) => {
        const before = await find(tx, team, templateId);
        const [, affected] = await tx.query<[unknown[], number]>(
          `update template set name = $3, version = version + 1, body = $4, changed_by = $5,
              changed_at = date_trunc('milliseconds', clock_timestamp())
            where template_id = $1 and team = $2 and version = $6`,
          [templateId, team, name, bodyOf(template), person.subject, expected],
        );
        const now = await find(tx, team, templateId);
        if (!now) return { kind: 'unknown' };
        if (affected !== 1) return { kind: 'conflict', version: now.version };
        await this.note(tx, person, 'template.changed', before, now);
        return { kind: 'replaced', template: now };
      });
    } catch (error) {
      if (sqlStateOf(error) === uniqueViolation) return { kind: 'name-taken' };
      throw error;
    }
  }

  override remove(
    person: Person,
    team: string,
    templateId: string,
    expected: number,
  ): Promise<{ kind: 'removed' } | TemplateRefused> {
    return this.dataSource.transaction(async (tx) => {
      const before = await find(tx, team, templateId);
      if (!before) return { kind: 'unknown' };
      const { affected } = await tx.delete(TemplateEntity, { templateId, team, version: expected });
      if (affected !== 1) return { kind: 'conflict', version: before.version };
      await this.note(tx, person, 'template.removed', before, undefined);
      return { kind: 'removed' };
    });
  }

  private note(
    tx: EntityManager,
    { subject, roles }: Person,
    action: string,
    before: Template | undefined,
    after: Template | undefined,
  ): Promise<void> {
    const told = (template: Template | undefined) =>
      template && { team: template.team, name: template.name, version: template.version };
    const { templateId } = (after ?? before)!;
    return this.audit.append(tx, {
      ...{ actor: { kind: 'person', subject, roles }, action, resource: { kind: 'template', id: templateId } },
      ...{ before: told(before) ?? {}, after: told(after) ?? {} },
    });
  }
}

async function find(tx: EntityManager, team: string, templateId: string): Promise<Template | undefined> {
  const row = await tx.findOneBy(TemplateEntity, { team, templateId });
  return row ? templateOf(row) : undefined;
}

const bodyOf = ({ variables, texts, fallback }: NewTemplate): string => JSON.stringify({ variables, texts, fallback });
