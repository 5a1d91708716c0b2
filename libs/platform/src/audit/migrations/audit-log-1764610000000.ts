import { type MigrationInterface, type QueryRunner } from 'typeorm';

/** What people changed, one row a change, and the chain over the rows. The database itself lets nothing else be done than append and seal. */
class AuditLog1764610000000 implements MigrationInterface {
  readonly name = 'AuditLog1764610000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table audit_log (
        id bigint generated always as identity primary key,
        at timestamptz not null,
        actor_kind text not null check (actor_kind in ('person', 'command')),
        actor text not null,
        roles text[] not null,
        action text not null,
        kind text not null,
        resource text not null,
        before json,
        after json,
        seal bigint unique check (seal > 0),
        sealed_at timestamptz,
        hash bytea check (octet_length(hash) = 32),
        check ((seal is null) = (hash is null) and (seal is null) = (sealed_at is null))
      );
      comment on table audit_log is 'append-only; see docs/audit.md';
      comment on column audit_log.id is 'in the order of writing, which is not the order of commits; gaps are transactions that were rolled back';
      comment on column audit_log.seal is 'place in the chain, gapless from 1; null until it is sealed';
      comment on column audit_log.hash is 'sha256 of the hash before it and of the row';
      -- what is not sealed yet is found without a look at the rest, also where the planner thinks that there is much of it: no other
      -- index has this order
      create index audit_log_unsealed on audit_log (action, id) where seal is null;
      create index audit_log_at on audit_log (at, id);
      create index audit_log_actor on audit_log (actor, at, id);
      create index audit_log_resource on audit_log (kind, resource, at, id);

      create table audit_head (
        one boolean primary key default true check (one),
        seal bigint not null,
        hash bytea not null check (octet_length(hash) = 32)
      );
      comment on table audit_head is 'where the chain ends; who holds this row seals';
      insert into audit_head (seal, hash) values (0, decode(repeat('00', 32), 'hex'));

      create function audit_log_enters() returns trigger language plpgsql as $$
      begin
        new.at := date_trunc('milliseconds', clock_timestamp());
        if new.seal is not null then
          raise exception 'an entry is sealed later' using errcode = 'restrict_violation';
        end if;
        return new;
      end $$;
      create trigger audit_log_enters before insert on audit_log for each row execute function audit_log_enters();

      create function audit_log_stays() returns trigger language plpgsql as $$
      begin
        if tg_op = 'UPDATE' and old.seal is null and new.seal is not null
          and (new.id, new.at, new.actor_kind, new.actor, new.roles, new.action, new.kind, new.resource, new.before::text, new.after::text)
            is not distinct from
            (old.id, old.at, old.actor_kind, old.actor, old.roles, old.action, old.kind, old.resource, old.before::text, old.after::text)
        then
          return new;
        end if;
        raise exception 'the audit log is append-only' using errcode = 'restrict_violation';
      end $$;
      create trigger audit_log_stays before update or delete on audit_log for each row execute function audit_log_stays();
      create trigger audit_log_is_not_truncated before truncate on audit_log
        for each statement execute function audit_log_stays();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table audit_head, audit_log;
      drop function audit_log_enters, audit_log_stays;
    `);
  }
}

/** Migrations of a service that has an audit log; to be put before its own. */
export const auditTables = [AuditLog1764610000000];
