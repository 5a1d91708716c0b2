import { canonicalJson, sha256 } from '@closeloop/contracts';
import { createTopics, messagingTables } from '@closeloop/messaging';
import { createService, migrateDatabase, verifyAudit, type RunningService } from '@closeloop/platform';
import { eventually, testEnvironment, type TestEnvironment } from '@closeloop/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CreateTeamsAndRules1764000000000 } from './infrastructure/migrations/create-teams-and-rules.migration.js';
import { RehearsalTables1764600000001 } from './infrastructure/migrations/rehearsal-tables.migration.js';
import { RuleSetDrafts1764600000000 } from './infrastructure/migrations/rule-set-drafts.migration.js';
import { SeedTeamsAndRules1764000000001 } from './infrastructure/migrations/seed-teams-and-rules.migration.js';
import { RehearsalModule } from './rehearsal.module.js';
import { routingDatabase } from './routing.database.js';
import { RoutingModule } from './routing.module.js';

interface Entry {
  readonly actor: { readonly kind: string; readonly subject: string; readonly roles: readonly string[] };
  readonly action: string;
  readonly resource: { readonly kind: string; readonly id: string };
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown> | null;
  readonly seal: { readonly number: number } | null;
}

describe('what people change of teams, rules and routes', () => {
  let environment: TestEnvironment;
  let routing: RunningService;
  let rehearsal: RunningService;
  let manager: string;

  beforeAll(async () => {
    environment = await testEnvironment({ prefix: 'routing-audit' });
    await Promise.all([createTopics(environment.env), migrateDatabase('routing', routingDatabase, environment.env)]);
    const options = { env: environment.env, logger: false } as const;
    [routing, rehearsal, manager] = await Promise.all([
      createService('routing', RoutingModule, options),
      createService('rehearsal', RehearsalModule, options),
      environment.token({ sub: 'mia', roles: ['manager'] }),
    ]);
  }, 120_000);
  afterAll(async () => {
    await Promise.all([routing?.close(), rehearsal?.close()]);
    await environment?.close();
  });

  const ask = async (service: RunningService, method: string, path: string, body?: object, headers = {}) => {
    const response = await fetch(service.url + path, {
      method,
      headers: {
        ...{ authorization: `Bearer ${manager}`, ...headers },
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
  };
  /** Oldest first */
  const audit = async (query: string): Promise<Entry[]> =>
    ((await ask(routing, 'GET', `/v1/audit?${query}`)).body['items'] as Entry[]).reverse();
  const mia = { kind: 'person', subject: 'mia', roles: ['manager'] };
  const hash = { hash: expect.stringMatching(/^[0-9a-f]{64}$/) };
  const rules = [{ name: 'miller', when: 'feedback.text.contains("Ann Miller")', team: 'support', loop: 'open' }];

  it('stands in the log with before and after, words as hashes only', async () => {
    await ask(routing, 'POST', '/v1/teams', { name: 'lounge', displayName: 'The lounges of Ann Miller' });
    await ask(routing, 'DELETE', '/v1/teams/lounge');
    expect(await audit('kind=team')).toMatchObject([
      { actor: mia, action: 'team.created', resource: { kind: 'team', id: 'lounge' }, after: { displayName: hash } },
      { actor: mia, action: 'team.removed', before: { displayName: hash }, after: null },
    ]);

    const reason = 'Ann Miller asked for it';
    const { body: gone } = await ask(routing, 'POST', '/v1/rule-sets', { rules: [], basedOn: 1, reason });
    const path = `/v1/rule-sets/${gone['id'] as string}`;
    await ask(routing, 'PUT', path, { rules, reason }, { 'if-match': '"1"' });
    await ask(routing, 'DELETE', path);
    const drafts = await audit(`kind=rule-set&resource=${gone['id'] as string}`);
    expect(drafts).toMatchObject([
      {
        action: 'rule-set.created',
        before: null,
        after: { edition: 1, ruleCount: 0, rules: hash, basedOn: 1, reason: hash },
      },
      {
        ...{ action: 'rule-set.edited', before: { edition: 1, ruleCount: 0, rules: hash, basedOn: 1 } },
        after: { edition: 2, ruleCount: 1, rules: hash, basedOn: 1, reason: hash },
      },
      { action: 'rule-set.deleted', before: { edition: 2, ruleCount: 1, rules: hash }, after: null },
    ]);
    expect(drafts[2]!.before!['rules']).toEqual(drafts[1]!.after!['rules']);
    expect(drafts[1]!.before!['rules']).not.toEqual(drafts[1]!.after!['rules']);

    const { body: draft } = await ask(routing, 'POST', '/v1/rule-sets', { rules });
    const id = draft['id'] as string;
    const { body: version } = await ask(routing, 'POST', `/v1/rule-sets/${id}/activate`, { reason });
    expect(version).toMatchObject({ id: '2', state: 'active' });
    expect(await audit('action=rule-set.activated')).toMatchObject([
      {
        ...{ actor: mia, resource: { kind: 'rule-set', id: '2' }, before: { active: 1 } },
        after: { active: 2, from: id, rules: sha256(canonicalJson(version['rules'])), reason: hash },
      },
    ]);

    const period = { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z', reason, perSecond: 7 };
    const { body: reroute } = await ask(rehearsal, 'POST', '/v1/reroutes', period);
    const rerouteId = reroute['rerouteId'] as string;
    await environment.query('routing', `update reroute set state = 'running', next_at = 'infinity', ended_at = null`);
    expect((await ask(rehearsal, 'POST', `/v1/reroutes/${rerouteId}/stop`)).status).toBe(200);
    expect((await ask(rehearsal, 'POST', `/v1/reroutes/${rerouteId}/stop`)).status).toBe(200);
    expect(await audit('kind=reroute')).toMatchObject([
      {
        ...{ actor: mia, action: 'reroute.asked', resource: { kind: 'reroute', id: rerouteId }, before: null },
        after: {
          ...{ ruleSet: 2, from: '2026-01-01T00:00:00.000Z', to: '2026-01-02T00:00:00.000Z', perSecond: 7 },
          reason: hash,
        },
      },
      { actor: mia, action: 'reroute.stopped', before: { state: 'running' }, after: { state: 'stopped' } },
    ]);
    const rows = await environment.query('routing', 'select a::text from audit_log a');
    expect(JSON.stringify(rows)).not.toContain('Miller');
  });

  it('is sealed by routing, whichever of the two programs wrote it, and verified', async () => {
    const period = { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z', reason: 'again' };
    const { body } = await ask(rehearsal, 'POST', '/v1/reroutes', period);
    await eventually(
      async () => {
        const [entry] = await audit(`resource=${body['rerouteId'] as string}&action=reroute.asked`);
        expect(entry!.seal).not.toBeNull();
      },
      { timeoutMs: 10_000 },
    );
    const { body: head } = await ask(routing, 'GET', '/v1/audit/head');
    const { seal, hash: end } = head as { seal: number; hash: string };
    expect(head['head']).toBe(`routing:${seal}:${end}`);
    expect(await verifyAudit('routing', environment.env, { seal, hash: end })).toEqual({
      head: { seal, hash: end },
      unsealed: 0,
    });
    // one log, asked at one place
    expect((await ask(rehearsal, 'GET', '/v1/audit')).status).toBe(404);
  });

  it('is not done where it cannot be written down', async () => {
    const count = () =>
      environment.query(
        'routing',
        `select (select count(*)::int from team) teams, (select count(*)::int from rule_set_draft) drafts,
           (select count(*)::int from rule_set) versions, (select count(*)::int from reroute) reroutes`,
      );
    const { body: draft } = await ask(routing, 'POST', '/v1/rule-sets', { rules });
    const path = `/v1/rule-sets/${draft['id'] as string}`;
    const before = await count();
    await environment.query('routing', 'alter table audit_log add constraint closed check (id < 0) not valid');
    try {
      const refused = [
        ask(routing, 'POST', '/v1/teams', { name: 'unseen', displayName: 'Unseen' }),
        ask(routing, 'DELETE', '/v1/teams/marketing'),
        ask(routing, 'POST', '/v1/rule-sets', { rules }),
        ask(routing, 'PUT', path, { rules: [] }, { 'if-match': '"1"' }),
        ask(routing, 'DELETE', path),
        ask(routing, 'POST', `${path}/activate`, { reason: 'unseen' }),
        ask(rehearsal, 'POST', '/v1/reroutes', { from: '2026-01-01T00:00:00Z', reason: 'unseen' }),
      ];
      expect((await Promise.all(refused)).map(({ status }) => status)).toEqual(refused.map(() => 500));
      expect(await count()).toEqual(before);
      expect((await ask(routing, 'GET', path)).body).toMatchObject({ state: 'draft', edition: 1 });
    } finally {
      await environment.query('routing', 'alter table audit_log drop constraint closed');
    }
  });

  it('and was written down before there was such a log stands in it with its times', async () => {
    const old = [
      ...[...messagingTables, CreateTeamsAndRules1764000000000, SeedTeamsAndRules1764000000001],
      ...[RuleSetDrafts1764600000000, RehearsalTables1764600000001],
    ];
    await migrateDatabase('older', { entities: [], migrations: old }, environment.env);
    const actions = ['team-created', 'team-removed', 'rule-set-created', 'rule-set-activated', 'reroute-begun'];
    await environment.query(
      'older',
      `insert into audit_entry (at, actor, action, subject)
       select '2026-01-02T03:04:05Z'::timestamptz + place * interval '1 second', 'mia:x', action, 'of ' || place
       from unnest($1::text[]) with ordinality given (action, place)`,
      [actions],
    );
    await migrateDatabase('older', routingDatabase, environment.env);
    const told = ['team.created', 'team.removed', 'rule-set.created', 'rule-set.activated', 'reroute.asked'];
    expect(
      await environment.query(
        'older',
        'select at, actor_kind, actor, roles, action, kind, resource, before, after, seal from audit_log order by id',
      ),
    ).toEqual(
      told.map((action, at) => ({
        ...{
          at: new Date(Date.UTC(2026, 0, 2, 3, 4, 6 + at)),
          actor_kind: 'person',
          actor: 'mia:x',
          roles: [],
          action,
        },
        ...{ kind: action.split('.')[0], resource: `of ${at + 1}`, before: null, after: null, seal: null },
      })),
    );
    expect(await environment.query('older', `select to_regclass('audit_entry') gone`)).toEqual([{ gone: null }]);
    // the triggers are back
    await expect(environment.query('older', 'delete from audit_log')).rejects.toThrow('append-only');
    const [row] = await environment.query(
      'older',
      `insert into audit_log (at, actor_kind, actor, roles, action, kind, resource)
       values ('2001-01-01', 'person', 'a', '{}', 'a', 'a', 'a') returning at > '2026-01-03' as now`,
    );
    expect(row).toEqual({ now: true });
  });
});
