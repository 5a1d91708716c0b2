import { type MigrationInterface, type QueryRunner } from 'typeorm';

/**
 * What was written of keys and connectors so far becomes part of the audit log of all services, with its times. The old table goes at once:
 * a replica that wrote to it still would write what nobody reads, and fails instead.
 */
export class AuditLog1764610010000 implements MigrationInterface {
  readonly name = 'AuditLog1764610010000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table audit_log disable trigger audit_log_enters;
      insert into audit_log (at, actor_kind, actor, roles, action, kind, resource, after)
      select at, case split_part(actor, ':', 1) when 'command' then 'command' else 'person' end,
        substr(actor, strpos(actor, ':') + 1), '{}', action, split_part(action, '.', 1), subject, (details - 'name')::json
      from access_audit order by id;
      alter table audit_log enable trigger audit_log_enters;
      drop table access_audit;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table access_audit (
        id bigint generated always as identity primary key,
        at timestamptz not null default now(),
        actor text not null,
        action text not null,
        subject text not null,
        details jsonb not null
      )`);
  }
}
