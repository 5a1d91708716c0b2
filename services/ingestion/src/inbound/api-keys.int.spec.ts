import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuditLog, openDatabase } from '@closeloop/platform';
import { bearer, EdgesFixture } from '../edges.fixture.js';
import { ingestionDatabase } from '../ingestion.database.js';
import { ApiKeyRepository } from '../infrastructure/api-key.repository.js';
import { KeysUsageError, runKeysCommand } from './keys-command.js';

describe('API keys', () => {
  let edges: EdgesFixture;
  beforeAll(async () => {
    edges = await EdgesFixture.start();
  });
  afterAll(() => edges.stop());

  const feedback = { channel: 'review', text: 'The queue was long.' };

  it('let a connector in for its own source, and only while they are valid', async () => {
    const created = await edges.post('/v1/api-keys', { source: 'shop', name: 'poller' }, bearer(edges.admin));
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({ source: 'shop', name: 'poller', createdBy: 'person:ada', revokedAt: null });
    const { id, key } = created.body as { id: string; key: string };
    expect(key).toMatch(new RegExp(`^clk_${id}_[0-9a-f]{64}$`));

    expect((await edges.get('/v1/api-keys/self', bearer(key))).body).toEqual({ keyId: id, source: 'shop' });
    expect((await edges.post('/v1/feedback', { ...feedback, externalId: '1' }, bearer(key))).status).toBe(202);
    const foreign = await edges.post('/v1/feedback', { ...feedback, externalId: '1', source: 'bank' }, bearer(key));
    expect(foreign.status).toBe(403);
    expect(await edges.feedbackOf('bank')).toBe(0);

    const revoked = await edges.send('DELETE', `/v1/api-keys/${id}`, bearer(edges.admin));
    expect(revoked.status).toBe(200);
    expect(revoked.body).toMatchObject({ id, revokedBy: 'person:ada' });
    const late = await edges.post('/v1/feedback', { ...feedback, externalId: '2' }, bearer(key));
    expect(late.status).toBe(401);
    expect(late.body).toMatchObject({ type: 'urn:closeloop:unauthenticated' });
  });

  it('are refused when one character of the secret is wrong, or the id is unknown', async () => {
    const key = await edges.key('shop');
    const other = key.endsWith('0') ? '1' : '0';
    expect((await edges.get('/v1/api-keys/self', bearer(key))).status).toBe(200);
    expect((await edges.get('/v1/api-keys/self', bearer(key.slice(0, -1) + other))).status).toBe(401);
    expect((await edges.get('/v1/api-keys/self', bearer(`clk_${'0'.repeat(16)}_${'0'.repeat(64)}`))).status).toBe(401);
    expect((await edges.get('/v1/api-keys/self', bearer('clk_x_y'))).status).toBe(401);
  });

  it('are for admins only', async () => {
    const agent = await edges.test.token({ sub: 'bob', roles: ['agent', 'manager'] });
    const key = await edges.key('shop');
    for (const credential of [agent, key]) {
      expect((await edges.post('/v1/api-keys', { source: 'x' }, bearer(credential))).status).toBe(403);
      expect((await edges.get('/v1/api-keys', bearer(credential))).status).toBe(403);
      expect((await edges.send('DELETE', '/v1/api-keys/x', bearer(credential))).status).toBe(403);
    }
    expect((await edges.get('/v1/api-keys')).status).toBe(401);
    expect((await edges.get('/v1/api-keys/self', bearer(edges.admin))).status).toBe(403);
  });

  it('are listed and kept without their secrets', async () => {
    const key = await edges.key('kept');
    const [, id, secret] = key.split('_');
    const list = await edges.get('/v1/api-keys', bearer(edges.admin));
    expect((list.body as { keys: { id: string }[] }).keys.map((one) => one.id)).toContain(id);
    expect(list.text).not.toContain(secret);
    const rows = await edges.test.query(
      'ingestion',
      'select k::text as row from api_key k union all select a::text from audit_log a',
    );
    expect(JSON.stringify(rows)).not.toContain(secret);
  });

  it('leave who, what and when in the audit', async () => {
    const key = await edges.key('audited');
    const id = key.split('_')[1]!;
    await edges.send('DELETE', `/v1/api-keys/${id}`, bearer(edges.admin));
    await edges.send('DELETE', `/v1/api-keys/${id}`, bearer(edges.admin));
    const rows = await edges.test.query<{ actor: string; action: string }>(
      'ingestion',
      `select actor_kind || ':' || actor as actor, roles, action, before, after from audit_log where resource = $1 order by id`,
      [id],
    );
    const ada = { actor: 'person:ada', roles: ['admin'] };
    expect(rows).toEqual([
      { ...ada, action: 'api-key.created', before: null, after: { source: 'audited' } },
      {
        ...{ ...ada, action: 'api-key.revoked' },
        ...{ before: { source: 'audited', revoked: false }, after: { revoked: true } },
      },
    ]);
  });

  it('refuse what is no source, with the place and the rule', async () => {
    const answer = await edges.post('/v1/api-keys', { source: 'Not A Source', secret: 'mine' }, bearer(edges.admin));
    expect(answer.status).toBe(400);
    expect((answer.body as { errors: { pointer: string; rule: string }[] }).errors).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ pointer: '/source', rule: 'matches' }),
        expect.objectContaining({ pointer: '/secret', rule: 'whitelistValidation' }),
      ]),
    );
    expect((await edges.send('DELETE', '/v1/api-keys/unknown', bearer(edges.admin))).status).toBe(404);
  });

  it('can be made, listed and revoked by command, and then a running service knows them', async () => {
    const database = await openDatabase('ingestion', ingestionDatabase, edges.test.env);
    try {
      const keys = new ApiKeyRepository(database, new AuditLog({}));
      const key = await runKeysCommand(keys, ['create', '--source', 'by-command', '--name', 'first']);
      expect((await edges.get('/v1/api-keys/self', bearer(key))).body).toMatchObject({ source: 'by-command' });
      const id = key.split('_')[1]!;
      expect(await runKeysCommand(keys, ['list'])).toContain(`${id}  by-command  first`);
      expect(JSON.parse(await runKeysCommand(keys, ['revoke', id, '--json']))).toMatchObject({
        id,
        revokedBy: expect.stringMatching(/^command:/),
      });
      const audited = await edges.test.query(
        'ingestion',
        'select actor_kind, roles, action, after from audit_log where resource = $1 order by id',
        [id],
      );
      const name = { hash: expect.stringMatching(/^[0-9a-f]{64}$/) };
      expect(audited).toEqual([
        { actor_kind: 'command', roles: [], action: 'api-key.created', after: { source: 'by-command', name } },
        { actor_kind: 'command', roles: [], action: 'api-key.revoked', after: { revoked: true } },
      ]);
      await expect(runKeysCommand(keys, ['revoke', 'unknown'])).rejects.toThrow(KeysUsageError);
      await expect(runKeysCommand(keys, ['create'])).rejects.toThrow(/--source/);
      await expect(runKeysCommand(keys, ['destroy'])).rejects.toThrow(KeysUsageError);
    } finally {
      await database.destroy();
    }
  });

  it('note their last use when the service stops, not on the way of a request', async () => {
    const key = await edges.key('used');
    const id = key.split('_')[1]!;
    const lastUse = async () =>
      (
        await edges.test.query<{ used: boolean }>(
          'ingestion',
          'select last_used_at is not null as used from api_key where id = $1',
          [id],
        )
      )[0];
    const replica = await edges.replica();
    try {
      await fetch(`${replica.url}/v1/api-keys/self`, { headers: bearer(key) });
      expect(await lastUse()).toEqual({ used: false });
    } finally {
      await replica.close();
    }
    expect(await lastUse()).toEqual({ used: true });
  });
});
