import {
  deadLetterHeaders,
  deadLetterTopic,
  deriveId,
  feedbackIdOf,
  feedbackTagged,
  pipeline,
} from '@closeloop/contracts';
import { messagingTables } from '@closeloop/messaging';
import { auditTables, migrateDatabase, verifyAudit } from '@closeloop/platform';
import { eventually } from '@closeloop/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiKeys1763800200000 } from '../infrastructure/migrations/api-keys-1763800200000.migration.js';
import { AuditLog1764610010000 } from '../infrastructure/migrations/audit-log-1764610010000.migration.js';
import { IngestionFixture } from '../ingestion.fixture.js';

interface Entry {
  readonly id: string;
  readonly at: string;
  readonly actor: { readonly kind: string; readonly subject: string; readonly roles: readonly string[] };
  readonly action: string;
  readonly resource: { readonly kind: string; readonly id: string };
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown> | null;
  readonly seal: { readonly number: number; readonly hash: string } | null;
}
type Page = { items: Entry[]; cursor?: string };

describe('what people change at the door', () => {
  let ingestion: IngestionFixture;
  let manager: string;
  beforeAll(async () => {
    ingestion = await IngestionFixture.start(2);
    manager = await ingestion.test.token({ sub: 'mia', roles: ['manager'] });
  });
  afterAll(() => ingestion.stop());

  const audit = async (query: string): Promise<Page> => {
    const { status, body } = await ingestion.get(`/v1/audit?${query}`, { as: manager });
    expect(status).toBe(200);
    return body as Page;
  };
  const ada = { kind: 'person', subject: 'ada', roles: ['admin'] };
  const hash = { hash: expect.stringMatching(/^[0-9a-f]{64}$/) };
  const asAdmin = () => ({ as: ingestion.admin });

  it('of webhooks: made, with another secret, taken away', async () => {
    const path = '/v1/webhook-connectors';
    await ingestion.post(path, { name: 'form', source: 'forms' }, asAdmin());
    const rotated = await ingestion.post(`${path}/form/secrets`, { overlapSeconds: 60 }, asAdmin());
    const [newest, first] = (rotated.body as { secrets: { id: string }[] }).secrets.map(({ id }) => id);
    await fetch(`${ingestion.replicas[0]!.url}${path}/form`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${ingestion.admin}` },
    });
    const { items } = await audit('kind=webhook-connector&resource=form');
    const mapping = 'feedback-input.v1';
    expect(items.map(({ actor, action, before, after }) => ({ actor, action, before, after }))).toEqual([
      { actor: ada, action: 'webhook-connector.deleted', before: { source: 'forms', mapping }, after: null },
      {
        ...{ actor: ada, action: 'webhook-connector.rotated', before: { secrets: [first] } },
        after: { secrets: [first, newest], overlapSeconds: 60 },
      },
      {
        ...{ actor: ada, action: 'webhook-connector.created', before: null },
        after: { source: 'forms', mapping, secret: first },
      },
    ]);
  });

  it('of dead letters and of what is sent again, words as hashes only', async () => {
    const id = deriveId('a letter that is audited');
    const feedbackId = feedbackIdOf('shop', 'buried');
    await ingestion.test.publish(deadLetterTopic(feedbackTagged.topic), [
      {
        key: feedbackId,
        value: { feedback: { feedbackId, revision: 1 } },
        headers: {
          ...{ [deadLetterHeaders.id]: id, [deadLetterHeaders.group]: pipeline.routing.group },
          ...{ [deadLetterHeaders.topic]: feedbackTagged.topic, [deadLetterHeaders.partition]: '0' },
          ...{ [deadLetterHeaders.offset]: '4', [deadLetterHeaders.reason]: 'handler-error' },
          ...{ [deadLetterHeaders.attempts]: '3', [deadLetterHeaders.time]: new Date().toISOString() },
          [deadLetterHeaders.message]: 'no',
        },
      },
    ]);
    await eventually(async () =>
      expect(await ingestion.get(`/v1/dead-letters/${id}`, { as: manager })).toMatchObject({ status: 200 }),
    );
    const discard = { ids: [id], reason: 'Ann Miller asked for it' };
    for (let twice = 0; twice < 2; twice++) await ingestion.post('/v1/dead-letters/discard', discard, asAdmin());
    await ingestion.post('/v1/dead-letters/replay', { ids: [id], again: true }, asAdmin());
    const { items } = await audit(`resource=${id}`);
    expect(items).toMatchObject([
      { action: 'dead-letter.replayed', before: { state: 'discarded' }, after: { state: 'replayed' } },
      { action: 'dead-letter.discarded', before: { state: 'open' }, after: { state: 'discarded', reason: hash } },
    ]);
    const rows = await ingestion.query(`select a::text from audit_log a`);
    expect(JSON.stringify(rows)).not.toContain('Ann');

    const { body } = await ingestion.post(
      '/v1/republish',
      { from: '2026-01-01T00:00:00Z', source: 'nobody' },
      asAdmin(),
    );
    expect(body).toMatchObject({ events: 0 });
    expect((await audit('action=feedback.republished')).items).toEqual([]);
    await ingestion.post('/v1/feedback', { channel: 'review', externalId: 'again', text: 'Hello.' });
    await ingestion.post('/v1/republish', { from: '2026-01-01T00:00:00Z', source: 'shop' }, asAdmin());
    expect((await audit('action=feedback.republished')).items).toMatchObject([
      { actor: ada, resource: { kind: 'resend', id: expect.stringMatching(/^republish:/) }, after: { source: 'shop' } },
    ]);
  });

  it('is found by person, thing and time, page by page, and nothing else is taken', async () => {
    for (let n = 0; n < 5; n++) await ingestion.post('/v1/api-keys', { source: `paged-${n}` }, asAdmin());
    const all = (await audit('kind=api-key&limit=200')).items;
    expect(all.length).toBeGreaterThanOrEqual(5);
    const seen: Entry[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const page: Page = await audit(`kind=api-key&actor=ada&limit=2${cursor && `&cursor=${cursor}`}`);
      seen.push(...page.items);
      cursor = page.cursor;
    }
    expect(seen.map(({ id }) => id)).toEqual(all.map(({ id }) => id));
    expect((await audit('actor=nobody')).items).toEqual([]);
    const [, second] = all;
    expect((await audit(`kind=api-key&to=${encodeURIComponent(second!.at)}`)).items).toHaveLength(all.length - 2);
    expect((await audit(`kind=api-key&from=${encodeURIComponent(second!.at)}`)).items).toHaveLength(2);
    const wrong = ['limit=0', 'limit=201', 'limit=x', 'from=now', 'to=2026-13-01T00:00:00Z', 'cursor=x', 'colour=red'];
    for (const query of [
      ...wrong,
      'actor=a&actor=b',
      `cursor=${Buffer.from('["2026-01-01T00:00:00Z","x"]').toString('base64url')}`,
    ])
      expect(await ingestion.get(`/v1/audit?${query}`, { as: manager })).toMatchObject({
        ...{
          status: 400,
          body: { type: 'urn:closeloop:invalid', errors: [{ pointer: expect.stringMatching(/^\/\w+$/) }] },
        },
      });
  });

  it('is sealed within seconds, whichever of the replicas wrote it', async () => {
    for (const to of [0, 1]) {
      const begun = Date.now();
      await ingestion.post('/v1/api-keys', { source: 'sealed' }, { ...asAdmin(), to });
      await eventually(async () => expect((await audit('limit=1')).items[0]!.seal).not.toBeNull());
      expect(Date.now() - begun).toBeLessThan(4_000);
    }
    const { body } = await ingestion.get('/v1/audit/head', { as: manager });
    const { head, seal, hash: end } = body as { head: string; seal: number; hash: string };
    expect(head).toBe(`ingestion:${seal}:${end}`);
    expect((await audit('limit=1')).items[0]!.seal).toEqual({ number: seal, hash: end });
    expect(await verifyAudit('ingestion', ingestion.test.env, { seal, hash: end })).toEqual({
      head: { seal, hash: end },
      unsealed: 0,
    });
  });

  it('is not done where it cannot be written down', async () => {
    await ingestion.query('alter table audit_log add constraint closed check (id < 0) not valid');
    try {
      expect((await ingestion.post('/v1/api-keys', { source: 'unseen' }, asAdmin())).status).toBe(500);
      expect(await ingestion.query(`select from api_key where source = 'unseen'`)).toEqual([]);
    } finally {
      await ingestion.query('alter table audit_log drop constraint closed');
    }
  });

  it('and was written down before there was such a log stands in it with its times', async () => {
    const old = { entities: [], migrations: [...messagingTables, ApiKeys1763800200000] };
    await migrateDatabase('older', old, ingestion.test.env);
    await ingestion.test.query(
      'older',
      `insert into access_audit (at, actor, action, subject, details) values
         ('2026-01-02T03:04:05Z', 'person:ada', 'api-key.created', 'k1', '{"source": "shop", "name": "Ann''s"}'),
         ('2026-01-02T03:04:06Z', 'command:root', 'api-key.revoked', 'k1', '{"source": "shop"}')`,
    );
    await migrateDatabase(
      'older',
      { entities: [], migrations: [...old.migrations, ...auditTables, AuditLog1764610010000] },
      ingestion.test.env,
    );
    expect(
      await ingestion.test.query(
        'older',
        'select at, actor_kind, actor, roles, action, kind, resource, after, seal from audit_log order by id',
      ),
    ).toEqual([
      {
        ...{ at: new Date('2026-01-02T03:04:05Z'), actor_kind: 'person', actor: 'ada', roles: [], kind: 'api-key' },
        ...{ action: 'api-key.created', resource: 'k1', after: { source: 'shop' }, seal: null },
      },
      {
        ...{ at: new Date('2026-01-02T03:04:06Z'), actor_kind: 'command', actor: 'root', roles: [], kind: 'api-key' },
        ...{ action: 'api-key.revoked', resource: 'k1', after: { source: 'shop' }, seal: null },
      },
    ]);
    // the triggers are back
    await expect(ingestion.test.query('older', 'delete from audit_log')).rejects.toThrow('append-only');
    expect(
      await ingestion.test.query(
        'older',
        `insert into audit_log (at, actor_kind, actor, roles, action, kind, resource)
         values ('2001-01-01', 'person', 'a', '{}', 'a', 'a', 'a') returning at > '2026-01-03' as now`,
      ),
    ).toEqual([{ now: true }]);
  });
});
