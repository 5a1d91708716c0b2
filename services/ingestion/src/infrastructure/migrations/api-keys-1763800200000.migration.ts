import { type MigrationInterface, type QueryRunner } from 'typeorm';

export class ApiKeys1763800200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table api_key (
        id           text primary key,
        secret_hash  text not null check (secret_hash ~ '^[0-9a-f]{64}$'),
        source       text not null,
        name         text,
        created_at   timestamptz not null default now(),
        created_by   text not null,
        revoked_at   timestamptz,
        revoked_by   text,
        last_used_at timestamptz
      )`);
    await runner.query(`
      create table access_audit (
        id      bigint generated always as identity primary key,
        at      timestamptz not null default now(),
        actor   text not null,
        action  text not null,
        subject text not null,
        details jsonb not null
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table access_audit');
    await runner.query('drop table api_key');
  }
}
