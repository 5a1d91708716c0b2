import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import pg from 'pg';
import { eventually } from './eventually.js';
import { testEnvironment, type TestEnvironment } from './test-environment.js';

describe('the test environment', () => {
  let mine: TestEnvironment;
  let other: TestEnvironment;

  beforeAll(async () => {
    [mine, other] = await Promise.all([testEnvironment(), testEnvironment()]);
  });
  afterAll(() => Promise.all([mine.close(), other.close()]));

  it('records what is published to a topic, and nothing of another environment', async () => {
    const [recorder, elsewhere] = await Promise.all([mine.record('something.v1'), other.record('something.v1')]);
    await mine.publish('something.v1', [
      { key: 'k', value: { n: 1 }, headers: { ce_id: 'a' } },
      { key: 'k', value: null },
    ]);
    await eventually(() => expect(recorder.messages).toHaveLength(2));
    expect(recorder.messages[0]).toMatchObject({ key: 'k', headers: { ce_id: 'a' }, tombstone: false });
    expect(recorder.messages[1]).toMatchObject({ key: 'k', tombstone: true });
    expect(JSON.parse(recorder.messages[0]!.value.toString())).toEqual({ n: 1 });
    expect(elsewhere.messages).toHaveLength(0);
  });

  it("gives tokens that the issuer's published keys verify", async () => {
    const { OIDC_ISSUER: issuer, OIDC_AUDIENCE: audience } = mine.env;
    const discovery = (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as {
      jwks_uri: string;
    };
    const { payload } = await jwtVerify(
      await mine.token({ sub: 'ann', roles: ['agent'], teams: ['billing'] }),
      createRemoteJWKSet(new URL(discovery.jwks_uri)),
      { issuer, audience },
    );
    expect(payload).toMatchObject({ sub: 'ann', roles: ['agent'], teams: ['billing'] });
    const { keys } = (await (await fetch(discovery.jwks_uri)).json()) as { keys: object[] };
    expect(keys[0]).not.toHaveProperty('d');
  });

  it('drops its databases and topics when it is closed', async () => {
    const brief = await testEnvironment();
    const server = new pg.Client({ connectionString: process.env['DATABASE_URL'] });
    await server.connect();
    await server.query(`create database "${brief.env['DATABASE_PREFIX']}ingestion"`);
    await brief.publish('something.v1', [{ value: 'x' }]);
    expect(await brief.query('ingestion', 'select 1 as one')).toEqual([{ one: 1 }]);

    await brief.close();

    const { rows } = await server.query('select 1 from pg_database where starts_with(datname, $1)', [
      brief.env['DATABASE_PREFIX'],
    ]);
    await server.end();
    expect(rows).toHaveLength(0);
    const admin = mine.kafka.admin();
    await admin.connect();
    // A broker hears of what the controller has deleted a moment after the one who asked for it.
    await eventually(async () => {
      const topics = await admin.listTopics();
      expect(topics.filter((topic) => topic.startsWith(brief.topicPrefix))).toHaveLength(0);
    });
    await admin.disconnect();
  });
});
