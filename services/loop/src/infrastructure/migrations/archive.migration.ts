import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A plan that was made while the tables were small is kept by a connection: it is to be the one for large ones. */
const byIndex = 'set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off';

/** Where loops lie that were closed long ago: a row each, by the month of their closing. */
export class Archive1764900000000 implements MigrationInterface {
  readonly name = 'Archive1764900000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create index loop_closed_by_time on loop (closed_at) where closed_at is not null;
      create index notice_open_of_loop on notice (loop_id) where state in ('pending', 'handed-over');

      create table loop_archive (
        like loop,
        history json not null,
        words json not null,
        about uuid[] not null,
        archived_at timestamptz not null default clock_timestamp(),
        primary key (loop_id, closed_at),
        -- versions have no gaps: a loop without one of its steps is not taken in
        check (json_array_length(history) = version)
      ) partition by range (closed_at);
      create index loop_archive_by_time on loop_archive (opened_at, loop_id);
      create index loop_archive_about on loop_archive using gin (about);
      comment on table loop_archive is 'loops that were closed long ago, with their rows of loop_history and words; a loop is here or in loop, never in both';
      comment on column loop_archive.about is 'feedback that its words are of, or answer: what erasing looks for';

      create table archive_drop (
        drop_id integer generated always as identity primary key,
        month date not null,
        detached_at timestamptz not null default clock_timestamp(),
        dropped_at timestamptz
      );
      comment on table archive_drop is 'months that were dropped; their table is loop_dropped_<drop_id> until what hangs on its loops is deleted';

      create function archive_month_name(month date) returns text language sql immutable parallel safe as $$
        select 'loop_archive_' || to_char(month, 'YYYY_MM')
      $$;
      create function make_archive_month(month date) returns void language plpgsql as $$
        declare made text := archive_month_name(month);
        begin
          if to_regclass(made) is not null then return; end if;
          perform pg_advisory_xact_lock(hashtext('loop_archive'));
          if to_regclass(made) is not null then return; end if;
          -- attached, not made as a partition: that would wait for everybody who reads the archive
          execute format('create table %I (like loop_archive including all)', made);
          execute format('alter table loop_archive attach partition %I for values from (%L) to (%L)', made,
            month::timestamp at time zone 'UTC', (month + interval '1 month') at time zone 'UTC');
        end $$;
      create function detach_archive_month(month date) returns integer language plpgsql as $$
        declare gone integer;
        begin
          perform pg_advisory_xact_lock(hashtext('loop_archive'));
          execute format('alter table loop_archive detach partition %I', archive_month_name(month));
          insert into archive_drop (month) values (month) returning drop_id into gone;
          execute format('alter table %I rename to %I', archive_month_name(month), 'loop_dropped_' || gone);
          return gone;
        end $$;
      comment on function detach_archive_month(date) is 'drops a month of the archive: nobody reads it any more, and the loop service deletes what is left of it';

      -- a step leaves the history only into the archive, and the archive only into the history
      drop trigger loop_history_is_append_only on loop_history;
      create trigger loop_history_is_append_only before update or truncate on loop_history
        for each statement execute function refuse_change();
      create function refuse_loss_of_history() returns trigger language plpgsql ${byIndex} as $$
        begin
          if exists (select from (select loop_id, count(*) steps from gone group by loop_id) g
              where not exists (select from loop_archive a where a.loop_id = g.loop_id and a.version >= g.steps)) then
            raise exception 'loop_history is append-only: what is deleted is not in loop_archive' using errcode = 'restrict_violation';
          end if;
          return null;
        end $$;
      create trigger loop_history_goes_into_the_archive after delete on loop_history
        referencing old table as gone for each statement execute function refuse_loss_of_history();
      create trigger loop_archive_is_append_only before update or truncate on loop_archive
        for each statement execute function refuse_change();
      create function refuse_loss_of_archive() returns trigger language plpgsql ${byIndex} as $$
        begin
          if exists (select from gone g
              where g.version > (select count(*) from loop_history h where h.loop_id = g.loop_id)
                or not exists (select from loop l where l.loop_id = g.loop_id)) then
            raise exception 'loop_archive is append-only: what is deleted is not in loop_history' using errcode = 'restrict_violation';
          end if;
          return null;
        end $$;
      create trigger loop_archive_goes_into_the_history after delete on loop_archive
        referencing old table as gone for each statement execute function refuse_loss_of_archive();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      do $$ begin
        if exists (select from loop_archive) then raise exception 'loop_archive still holds loops'; end if;
      end $$;
      drop table loop_archive, archive_drop;
      drop trigger loop_history_goes_into_the_archive on loop_history;
      drop trigger loop_history_is_append_only on loop_history;
      create trigger loop_history_is_append_only before update or delete or truncate on loop_history
        for each statement execute function refuse_change();
      drop function refuse_loss_of_history(), refuse_loss_of_archive(), make_archive_month(date),
        detach_archive_month(date), archive_month_name(date);
      drop index loop_closed_by_time, notice_open_of_loop;
    `);
  }
}
