import { afterAll, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';

import { createService, type DatabaseDefinition, DatabaseModule, migrateDatabase } from './index.js';

class CreateNote1700000000000 implements MigrationInterface {
  async up(runner: QueryRunner) {
    await runner.query('create table note (id int primary key)');
  }
  async down(runner: QueryRunner) {
    await runner.query('drop table note');
  }
}

class AddNoteText1700000000001 implements MigrationInterface {
  async up(runner: QueryRunner) {
    await runner.query('alter table note add text text');
  }
  async down(runner: QueryRunner) {
    await runner.query('alter table note drop text');
  }
}

const definition: DatabaseDefinition = {
  entities: [],
  migrations: [CreateNote1700000000000, AddNoteText1700000000001],
};
const prefix = `t${randomBytes(4).toString('hex')}_`;
const env = { ...process.env, DATABASE_PREFIX: prefix, NOTES_PORT: '0' };

@Module({ imports: [DatabaseModule.forService(definition)] })
class NotesModule {}

describe('a database', () => {
  afterAll(async () => {
    const server = new pg.Client(process.env.DATABASE_URL);
    await server.connect();
    await server.query(`drop database if exists ${prefix}notes with (force)`);
    await server.end();
  });

  it('is refused', async () => {
    await expect(createService('notes', NotesModule, { env, logger: false })).rejects.toThrow('npx closeloop migrate');
  });

  it('is made and migrated once, whoever comes at the same time', async () => {
    const done = await Promise.all(Array.from({ length: 4 }, () => migrateDatabase('notes', definition, env)));
    expect(done.map((d) => d.migrations).sort()).toEqual([
      [],
      [],
      [],
      ['CreateNote1700000000000', 'AddNoteText1700000000001'],
    ]);
    expect(done.filter((d) => d.created)).toHaveLength(1);
    const service = await createService('notes', NotesModule, { env, logger: false });
    const dataSource = service.app.get(DataSource);
    expect(await dataSource.query('select current_setting($1) tz', ['TimeZone'])).toEqual([{ tz: 'UTC' }]);
    expect((await fetch(`${service.url}/health/ready`)).status).toBe(200);
    await service.close();
  });
});
