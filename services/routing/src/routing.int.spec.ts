import { createHash } from 'node:crypto';
import {
  deadLetterTopic,
  feedbackRouted,
  feedbackTagged,
  hopEventId,
  type Feedback,
  type FeedbackRouted,
  type FeedbackTagged,
  type Tags,
} from '@closeloop/contracts';
import { createTopics } from '@closeloop/messaging';
import { createService, migrateDatabase, type RunningService } from '@closeloop/platform';
import { eventually, testEnvironment, type Recorder, type TestEnvironment } from '@closeloop/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { feedbackWith, tagsWith } from './domain/feedback.fixture.js';
import { routingDatabase } from './routing.database.js';
import { RoutingModule } from './routing.module.js';

const uuid = (last: number): string => `00000000-0000-5000-8000-${String(last).padStart(12, '0')}`;
const negative = tagsWith({ sentiment: { label: 'negative', score: -0.7, confidence: 0.6 } });

interface RuleSetBody {
  version: number;
  createdBy: string;
  rules: { name: string; when: string; team: string; loop: string }[];
}
interface ProblemBody {
  type: string;
  status: number;
  detail: string;
  errors: { pointer: string; rule: string; message: string; line?: number; column?: number }[];
}

describe('routing, on a real Kafka and Postgres', () => {
  let environment: TestEnvironment;
  /** Two replicas of the service, in one group */
  let replicas: RunningService[];
  let routed: Recorder;
  let deadLetters: Recorder;
  let manager: string;
  let agent: string;

  const headersOf = (feedbackId: string, id: string) => ({
    ce_specversion: '1.0',
    ce_id: id,
    ce_type: feedbackTagged.topic,
    ce_source: 'closeloop/sentiment',
    ce_subject: feedbackId,
    ce_time: '2026-11-21T10:00:00.000Z',
    'content-type': 'application/json',
  });
  const publish = (feedback: Feedback, tags: Tags | null, partition?: number) =>
    environment.publish(feedbackTagged.topic, [
      {
        key: feedback.feedbackId,
        value: { feedback, tagRevision: 1, tags } satisfies FeedbackTagged,
        headers: headersOf(feedback.feedbackId, hopEventId('tagged', { ...feedback, tagRevision: 1 })),
        ...(partition === undefined ? {} : { partition }),
      },
    ]);
  const routedOf = (feedbackId: string) => routed.messages.filter(({ key }) => key === feedbackId);
  const routeOf = (feedbackId: string, index = 0) =>
    (JSON.parse(routedOf(feedbackId)[index]?.value.toString() ?? '{}') as FeedbackRouted).route;
  const arrivals = (feedbackId: string, count: number) =>
    eventually(() => expect(routedOf(feedbackId)).toHaveLength(count), { timeoutMs: 20_000 });

  const call = async (
    method: string,
    path: string,
    options: { token?: string; body?: unknown; replica?: number } = {},
  ) => {
    const response = await fetch(`${replicas[options.replica ?? 0]?.url}${path}`, {
      method,
      headers: {
        ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === '' ? undefined : JSON.parse(text)) as unknown };
  };
  const activeRules = async () => (await call('GET', '/v1/rule-sets/active', { token: manager })).body as RuleSetBody;

  beforeAll(async () => {
    environment = await testEnvironment({ prefix: 'routing' });
    const env = { ...environment.env, ROUTING_RULES_REFRESH_MS: '200' };
    await Promise.all([createTopics(env), migrateDatabase('routing', routingDatabase, env)]);
    [routed, deadLetters, manager, agent] = await Promise.all([
      environment.record(feedbackRouted.topic),
      environment.record(deadLetterTopic(feedbackTagged.topic)),
      environment.token({ sub: 'mia', roles: ['manager'] }),
      environment.token({ sub: 'ann', roles: ['agent'], teams: ['support'] }),
    ]);
    replicas = await Promise.all([0, 1].map(() => createService('routing', RoutingModule, { env, logger: false })));
  });

  afterAll(async () => {
    await Promise.all((replicas ?? []).map((replica) => replica.close()));
    await environment?.close();
  });

  it('given a tagged feedback: feedback.routed says team, rule and version, under a derived id', async () => {
    const feedback = feedbackWith({ feedbackId: uuid(1), text: 'My flight was cancelled and nobody told us' });
    await publish(feedback, negative);
    await arrivals(uuid(1), 1);
    expect(routedOf(uuid(1))[0]?.headers).toMatchObject({
      ce_id: hopEventId('routed', { ...feedback, tagRevision: 1, routeRevision: 1 }),
      ce_type: 'feedback.routed.v1',
      ce_source: 'closeloop/routing',
      ce_subject: uuid(1),
    });
    expect(JSON.parse(routedOf(uuid(1))[0]?.value.toString() ?? '')).toEqual({
      feedback,
      tagRevision: 1,
      tags: negative,
      routeRevision: 1,
      route: {
        team: 'operations',
        priority: 'high',
        slaPolicy: 'urgent',
        labels: ['disruption', 'complaint'],
        loop: 'open',
        ruleSetVersion: 1,
        rule: 'disruption-complaint',
      },
    });
  });

  it('given a feedback that no rule knows: triage', async () => {
    await publish(feedbackWith({ feedbackId: uuid(2), text: 'I flew on Tuesday' }), tagsWith({}));
    await arrivals(uuid(2), 1);
    expect(routeOf(uuid(2))).toMatchObject({ team: 'triage', rule: 'default' });
  });

  it('given the same event again: the same id and the same bytes', async () => {
    const feedback = feedbackWith({ feedbackId: uuid(3), text: 'Please send me a refund' });
    await publish(feedback, negative);
    await publish(feedback, negative);
    await arrivals(uuid(3), 2);
    const [first, second] = routedOf(uuid(3));
    const digest = (value?: Buffer) =>
      createHash('sha256')
        .update(value ?? '')
        .digest('hex');
    expect(second?.headers['ce_id']).toBe(first?.headers['ce_id']);
    expect(digest(second?.value)).toBe(digest(first?.value));
  });

  it('given a deletion: passes it on without a route', async () => {
    await publish(feedbackWith({ feedbackId: uuid(4), kind: 'deleted', revision: 2 }), null);
    await arrivals(uuid(4), 1);
    expect(routeOf(uuid(4))).toBeNull();
  });

  it('given a poison event among others: a dead letter, and the others go on', async () => {
    await publish(feedbackWith({ feedbackId: uuid(5), text: 'before' }), negative);
    const headers = headersOf(uuid(6), uuid(60));
    await environment.publish(feedbackTagged.topic, [{ key: uuid(6), value: { tagRevision: 0 }, headers }]);
    await publish(feedbackWith({ feedbackId: uuid(7), text: 'after' }), negative);
    await arrivals(uuid(5), 1);
    await arrivals(uuid(7), 1);
    await eventually(() => expect(deadLetters.messages).toHaveLength(1));
    expect(deadLetters.messages[0]).toMatchObject({
      key: uuid(6),
      headers: { dl_reason: 'invalid-schema', dl_topic: feedbackTagged.topic },
    });
    expect(routedOf(uuid(6))).toEqual([]);
  });

  describe('teams', () => {
    it('given the seed: the teams are there, for people only', async () => {
      expect((await call('GET', '/v1/teams')).status).toBe(401);
      const { status, body } = await call('GET', '/v1/teams', { token: agent });
      expect(status).toBe(200);
      expect((body as { items: { name: string }[] }).items.map(({ name }) => name)).toEqual([
        'billing',
        'marketing',
        'operations',
        'product',
        'support',
        'triage',
      ]);
    });

    it('given a manager: makes and removes a team, and both are written down; an agent may not', async () => {
      const body = { name: 'lounge', displayName: 'Airport lounges' };
      expect((await call('POST', '/v1/teams', { token: agent, body })).status).toBe(403);
      expect(await call('POST', '/v1/teams', { token: manager, body })).toMatchObject({
        status: 201,
        body: { ...body, createdBy: 'mia' },
      });
      expect((await call('POST', '/v1/teams', { token: manager, body })).status).toBe(409);
      expect((await call('DELETE', '/v1/teams/lounge', { token: manager })).status).toBe(204);
      expect((await call('DELETE', '/v1/teams/lounge', { token: manager })).status).toBe(404);
      const rows = await environment.query(
        'routing',
        `select actor, action from audit_entry where subject = 'lounge' order by id`,
      );
      expect(rows).toEqual([
        { actor: 'mia', action: 'team-created' },
        { actor: 'mia', action: 'team-removed' },
      ]);
    });

    it('given a name that cannot be a topic: a problem with a pointer', async () => {
      const { status, body } = await call('POST', '/v1/teams', {
        token: manager,
        body: { name: 'No Spaces', displayName: 'x' },
      });
      expect(status).toBe(400);
      expect((body as ProblemBody).errors).toMatchObject([{ pointer: '/name', rule: 'matches' }]);
    });

    it.each([
      ['/v1/teams', { name: 'spa', displayName: 'Spa \0' }, '/displayName'],
      ['/v1/teams', { name: 'spa', displayName: 'Spa \ud800' }, '/displayName'],
      [
        '/v1/rule-sets',
        { rules: [{ name: 'a \0', when: 'true', team: 'triage', priority: 'low', loop: 'none' }] },
        '/rules/0/name',
      ],
    ])('given what Postgres can hold in no text (%s): a problem with a pointer', async (path, body, pointer) => {
      const answer = await call('POST', path, { token: manager, body });
      expect(answer.status).toBe(400);
      expect((answer.body as ProblemBody).errors).toMatchObject([{ pointer, rule: 'forbiddenCharacters' }]);
    });

    it.each(['triage', 'support'])('given %s, which is needed: it stays', async (name) => {
      expect((await call('DELETE', `/v1/teams/${name}`, { token: manager })).status).toBe(422);
    });

    it.each([
      `delete from team where name = 'triage'`,
      `update team set name = 'gone' where name = 'triage'`,
      `delete from team where name = 'support'`,
      'truncate team',
      'delete from rule',
      'update rule set team = $$nobody$$',
      'truncate rule',
      'truncate rule_set cascade',
      'delete from rule_set',
      `insert into rule_set (version, state, created_by) values (99, 'active', 'me')`,
      `insert into rule (rule_set_version, position, name, condition, team, priority, sla_policy, loop)
       values (1, 99, 'x', 'true', 'support', 'low', 'standard', 'none')`,
    ])('given SQL behind the service: refuses %s', async (sql) => {
      await expect(environment.query('routing', sql)).rejects.toThrow();
    });

    it('given SQL that makes a rule set with a team that is not there: refuses', async () => {
      const sql = `do $$ begin
        update rule_set set state = 'retired', retired_at = now() where state = 'active';
        insert into rule_set (version, state, created_by) values (99, 'active', 'me');
        insert into rule (rule_set_version, position, name, condition, team, priority, sla_policy, loop)
          values (99, 0, 'x', 'true', 'nobody', 'low', 'standard', 'none');
      end $$`;
      await expect(environment.query('routing', sql)).rejects.toThrow('there is no team nobody');
      expect((await activeRules()).version).toBe(1);
    });
  });

  describe('rule sets', () => {
    it('given the seed: version 1 is active', async () => {
      const { version, rules } = await activeRules();
      expect(version).toBe(1);
      expect(rules.length).toBeGreaterThan(10);
    });

    it('given a wrong rule: says which and where, and changes nothing', async () => {
      const { rules } = await activeRules();
      const wrong = [
        ...rules.slice(0, 3),
        { name: 'wrong', when: 'feedback.colour == "red"', team: 'support', loop: 'open' },
      ];
      const { status, body } = await call('POST', '/v1/rule-sets', { token: manager, body: { rules: wrong } });
      expect(status).toBe(400);
      expect((body as ProblemBody).errors).toMatchObject([
        {
          pointer: '/rules/3/when',
          rule: 'condition',
          line: 1,
          column: 10,
          message: expect.stringContaining('colour'),
        },
      ]);
      const shapeless = await call('POST', '/v1/rule-sets', { token: manager, body: { rules: [{ name: 'x' }] } });
      expect((shapeless.body as ProblemBody).errors.map(({ pointer }) => pointer)).toContain('/rules/0/when');
      expect((await activeRules()).version).toBe(1);
    });

    it('given an agent, or nobody: refuses', async () => {
      expect((await call('POST', '/v1/rule-sets', { token: agent, body: { rules: [] } })).status).toBe(403);
      expect((await call('POST', '/v1/rule-sets', { body: { rules: [] } })).status).toBe(401);
    });

    it('given a new rule set: the next version, which soon decides in both replicas', async () => {
      const { rules, version } = await activeRules();
      const first = { name: 'first-of-all', when: 'feedback.source == "spec"', team: 'product', loop: 'none' };
      const saved = await call('POST', '/v1/rule-sets', {
        token: manager,
        body: { rules: [first, ...rules], basedOn: version },
      });
      expect(saved).toMatchObject({ status: 201, body: { version: 2, createdBy: 'mia' } });

      // Every partition, so that each replica has its share
      let round = 100;
      await eventually(
        async () => {
          round += 10;
          const ids = [0, 1, 2].map((partition) => uuid(round + partition));
          await Promise.all(
            ids.map((feedbackId, partition) =>
              publish(feedbackWith({ feedbackId, text: 'hello' }), negative, partition),
            ),
          );
          await Promise.all(ids.map((feedbackId) => arrivals(feedbackId, 1)));
          for (const id of ids)
            expect(routeOf(id)).toMatchObject({ rule: 'first-of-all', ruleSetVersion: 2, team: 'product' });
        },
        { timeoutMs: 20_000 },
      );
      const [audit] = await environment.query(
        'routing',
        `select actor, subject from audit_entry where action = 'rule-set-activated'`,
      );
      expect(audit).toEqual({ actor: 'mia', subject: '2' });
      const [retired] = await environment.query('routing', 'select state, retired_at from rule_set where version = 1');
      expect(retired).toMatchObject({ state: 'retired', retired_at: expect.any(Date) });
    });

    it('given two managers who saw the same version: one saves, the other is told', async () => {
      const { version, rules } = await activeRules();
      const answers = await Promise.all(
        [0, 1].map((replica) =>
          call('POST', '/v1/rule-sets', { token: manager, body: { rules, basedOn: version }, replica }),
        ),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
      expect((await activeRules()).version).toBe(version + 1);
    });

    it('given a team that is to go while rules that name it are about to be committed: it waits, and stays', async () => {
      const { version } = await activeRules();
      await call('POST', '/v1/teams', { token: manager, body: { name: 'wanted', displayName: 'Wanted' } });
      let removal: ReturnType<typeof call> | undefined;
      await replicas[0]!.app.get(DataSource).transaction(async (manager) => {
        await manager.query(`update rule_set set state = 'retired', retired_at = now() where state = 'active'`);
        await manager.query(`insert into rule_set (version, state, created_by) values ($1, 'active', 'spec')`, [
          version + 1,
        ]);
        await manager.query(
          `insert into rule (rule_set_version, position, name, condition, team, priority, sla_policy, loop)
           values ($1, 0, 'x', 'true', 'wanted', 'low', 'standard', 'none')`,
          [version + 1],
        );
        removal = call('DELETE', '/v1/teams/wanted', {
          token: await environment.token({ sub: 'mia', roles: ['admin'] }),
        });
        await new Promise((resolve) => setTimeout(resolve, 500));
      });
      expect((await removal)?.status).toBe(422);
    });

    it('given an active rule set that names no team: triage stays all the same, and gets everything', async () => {
      expect((await call('POST', '/v1/rule-sets', { token: manager, body: { rules: [] } })).status).toBe(201);
      expect((await call('DELETE', '/v1/teams/triage', { token: manager })).status).toBe(422);
      await expect(environment.query('routing', `delete from team where name = 'triage'`)).rejects.toThrow('triage');
      await expect(environment.query('routing', `update team set name = 'gone' where name = 'triage'`)).rejects.toThrow(
        'triage',
      );
      expect((await call('DELETE', '/v1/teams/marketing', { token: manager })).status).toBe(204);
    });
  });
});
