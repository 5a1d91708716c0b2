import { type MigrationInterface, type QueryRunner } from 'typeorm';

export class WebhookConnectors1763800300000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table webhook_connector (
        name       text primary key,
        source     text not null,
        mapping    text not null,
        created_at timestamptz not null default now(),
        created_by text not null
      )`);
    await runner.query(`
      create table webhook_secret (
        id         uuid primary key,
        connector  text not null references webhook_connector (name) on delete cascade,
        sealed     bytea not null,
        created_at timestamptz not null default now(),
        expires_at timestamptz
      )`);
    await runner.query('create index webhook_secret_connector on webhook_secret (connector)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table webhook_secret');
    await runner.query('drop table webhook_connector');
  }
}
