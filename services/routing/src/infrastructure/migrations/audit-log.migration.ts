import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What was written of teams, rule sets and reroutes so far becomes part of the audit log of all services, with its times. The old table goes
 * at once: a replica that wrote to it still would write what nobody reads, and fails instead.
 */
export class AuditLog1764650000000 implements MigrationInterface {
  readonly name = 'AuditLog1764650000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table audit_log disable trigger audit_log_enters;
      insert into audit_log (at, actor_kind, actor, roles, action, kind, resource)
      select at, 'person', actor, '{}', kind || '.' || case verb when 'begun' then 'asked' else verb end, kind, subject
      from audit_entry, regexp_match(action, '^(.*)-([a-z]+)$') parts, lateral (select parts[1] kind, parts[2] verb) named
      order by id;
      alter table audit_log enable trigger audit_log_enters;
      drop table audit_entry;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table audit_entry (
        id bigint generated always as identity primary key,
        at timestamptz not null default now(),
        actor text not null,
        action text not null,
        subject text not null,
        constraint audit_entry_action_check check (action in (
          'team-created', 'team-removed', 'rule-set-created', 'rule-set-edited', 'rule-set-deleted', 'rule-set-activated',
          'reroute-begun', 'reroute-stopped'))
      )`);
  }
}
