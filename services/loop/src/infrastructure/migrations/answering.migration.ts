import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who is writing, the templates of teams, and by which words past answers are found again. */
export class Answering1764630010000 implements MigrationInterface {
  readonly name = 'Answering1764630010000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table writing (
        loop_id uuid not null,
        agent text not null,
        since timestamptz not null,
        until timestamptz not null,
        primary key (loop_id, agent)
      );
      comment on table writing is 'who writes an answer; over by itself';

      create index reply_open_of_feedback on reply (feedback_id) where state = 'requested';

      create table template (
        template_id uuid primary key,
        team text not null,
        name text not null,
        version integer not null,
        body json not null,
        changed_at timestamptz not null,
        changed_by text not null,
        unique (team, name)
      );

      create function search_config(language text) returns regconfig language sql immutable parallel safe as $$
        select case split_part(lower(language), '-', 1)
          when 'en' then 'english' when 'de' then 'german' when 'fr' then 'french' when 'es' then 'spanish'
          when 'pt' then 'portuguese' when 'it' then 'italian' when 'nl' then 'dutch' when 'da' then 'danish'
          when 'sv' then 'swedish' when 'no' then 'norwegian' when 'nb' then 'norwegian' when 'fi' then 'finnish'
          when 'ru' then 'russian' when 'ro' then 'romanian' when 'hu' then 'hungarian' when 'tr' then 'turkish'
          else 'simple' end::regconfig
      $$;
      -- what feedback says, as it is searched; the body is that of words of the kind feedback
      create function searched_words(body json) returns tsvector language sql immutable parallel safe as $$
        select to_tsvector(search_config(coalesce(body->'tags'->'language'->>'tag', '')),
          concat_ws(' ', body->'feedback'->>'title', body->'feedback'->>'text'))
      $$;
      alter table words add column answers tsvector;
      comment on column words.answers is 'of a response: the words that it answered, as they are searched; erased with them';
      update words w set feedback_id = h.feedback_id from loop_history h
        where w.kind = 'response' and w.feedback_id is null and h.loop_id = w.loop_id and h.version = 1;
      update words w set answers = searched_words(f.body) from words f
        where w.kind = 'response' and f.words_id = w.feedback_id and f.kind = 'feedback';
      create index words_answers on words using gin (answers) where kind = 'response';
      create index words_answer_of on words (feedback_id) where kind = 'response';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop index words_answers, words_answer_of;
      alter table words drop column answers;
      drop function searched_words(json);
      drop function search_config(text);
      drop index reply_open_of_feedback;
      drop table template, writing;
    `);
  }
}
