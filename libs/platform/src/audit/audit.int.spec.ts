import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type HttpAdapterHost } from '@nestjs/core';
import fc from 'fast-check';
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { type DataSource, type EntityManager } from 'typeorm';

import { migrateDatabase, openDatabase } from '../database.js';
import { type AuditHead, emptyChain, hashOf, type SealedRow } from './audit-chain.js';
import { type AuditEntry, personal } from './audit-entry.js';
import { sealedColumns, sealedOf, type StoredRow } from './audit-rows.js';
import { AuditLog } from './audit.log.js';
import { AuditSealer, oneWaits } from './audit.sealer.js';
import { auditTables } from './migrations/audit-log-1764610000000.js';
import { verifyAudit } from './verify-audit.js';

jest.setTimeout(120_000);

const prefix = `audit_${randomBytes(5).toString('hex')}_`;
const env = { ...process.env, DATABASE_PREFIX: prefix };
const definition = { entities: [], migrations: auditTables };
const host = { httpAdapter: { getInstance: () => ({ addHook: () => undefined }) } } as unknown as HttpAdapterHost;

let database: DataSource;
/** Somebody with every right */
let superuser: pg.Client;
const log = new AuditLog({ hashKey: 'a key that is kept apart from it' });
let sealer: AuditSealer;

beforeAll(async () => {
  await migrateDatabase('notes', definition, env);
  database = await openDatabase('notes', definition, env);
  sealer = new AuditSealer(database, log, host);
  const url = new URL(process.env['DATABASE_URL']!);
  url.pathname = `/${prefix}notes`;
  superuser = new pg.Client({ connectionString: url.href });
  await superuser.connect();
  // who may do that is not held by triggers
  await superuser.query('set session_replication_role = replica');
});
afterAll(async () => {
  await database.destroy();
  await superuser.end();
  const server = new pg.Client({ connectionString: process.env['DATABASE_URL'] });
  await server.connect();
  await server.query(`drop database ${prefix}notes with (force)`);
  await server.end();
});
beforeEach(anew);

async function anew(): Promise<void> {
  const runner = database.createQueryRunner();
  const [migration] = auditTables.map((one) => new one());
  await migration!.down(runner);
  await migration!.up(runner);
  await runner.release();
}

const entry = (id = '7', more: Partial<AuditEntry> = {}): AuditEntry => ({
  actor: { kind: 'person', subject: 'ada', roles: ['admin', 'agent'] },
  action: 'note.changed',
  resource: { kind: 'note', id },
  before: { team: 'support', level: 1 },
  after: { team: 'billing', level: 2, labels: ['a', 'b'] },
  ...more,
});
const append = (...entries: AuditEntry[]): Promise<void> =>
  database.transaction((manager) => log.append(manager, ...entries));
const sealed = async (count: number): Promise<void> => {
  for (let n = 1; n <= count; n++) await append(entry(String(n)));
  await sealer.seal();
};
const chain = async (): Promise<SealedRow[]> => {
  const { rows } = await superuser.query<StoredRow>(
    `select ${sealedColumns} from audit_log where seal is not null order by audit_log.seal`,
  );
  return rows.map(sealedOf);
};
const headNow = async (): Promise<AuditHead> => {
  const { rows } = await superuser.query<AuditHead>(
    `select seal::float8 as seal, encode(hash, 'hex') as hash from audit_head`,
  );
  return rows[0]!;
};
const verdict = async (kept?: AuditHead) => (await verifyAudit('notes', env, kept))!;

describe('an audit log', () => {
  it('is written with the change, or not at all', async () => {
    await expect(
      database.transaction(async (manager) => {
        await log.append(manager, entry());
        throw new Error('the change fails');
      }),
    ).rejects.toThrow('the change fails');
    expect((await superuser.query('select from audit_log')).rowCount).toBe(0);
    const before = Date.now();
    await append(entry('1'), entry('2', { actor: { kind: 'command', subject: 'root', roles: [] }, after: undefined }));
    const { rows } = await superuser.query('select * from audit_log order by id');
    expect(rows).toMatchObject([
      {
        ...{ actor_kind: 'person', actor: 'ada', roles: ['admin', 'agent'], action: 'note.changed', kind: 'note' },
        ...{ resource: '1', before: { team: 'support', level: 1 }, after: { team: 'billing', level: 2 }, seal: null },
      },
      { actor_kind: 'command', actor: 'root', roles: [], resource: '2', after: null },
    ]);
    expect(Math.abs((rows[0] as { at: Date }).at.getTime() - before)).toBeLessThan(60_000);
  });

  it('holds of what is personal a hash that nobody guesses who has not the key, and that is another in another place', async () => {
    const said = { after: { reason: personal('Ann Miller called'), was: personal(undefined) } };
    await append(entry('1', said), entry('1', said), entry('2', said));
    const another = new AuditLog({});
    await database.transaction((manager) => another.append(manager, entry('1', said)));
    const { rows } = await superuser.query<{ after: { reason: { hash: string } } }>(
      'select after from audit_log order by id',
    );
    const hashes = rows.map(({ after }) => after.reason.hash);
    expect(JSON.stringify(rows)).not.toMatch(/Ann|was/);
    for (const hash of hashes) expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(hashes[0]).toBe(hashes[1]);
    expect(new Set(hashes).size).toBe(3);
  });

  it('takes nothing back: rows are neither changed nor deleted, sealed or not, and say themselves when they came', async () => {
    await sealed(1);
    await append(entry('2'));
    for (const statement of [
      `update audit_log set actor = 'eve'`,
      `update audit_log set at = now()`,
      'update audit_log set seal = null, sealed_at = null, hash = null',
      `update audit_log set seal = 9, sealed_at = now(), hash = decode(repeat('00', 32), 'hex'), actor = 'eve' where seal is null`,
      'delete from audit_log',
      'truncate audit_log',
      `insert into audit_log (actor_kind, actor, roles, action, kind, resource, seal, sealed_at, hash)
       values ('person', 'eve', '{}', 'x', 'x', 'x', 2, now(), decode(repeat('00', 32), 'hex'))`,
    ]) {
      await expect(database.query(statement)).rejects.toThrow(/append-only|sealed later/);
    }
    await database.query(
      `insert into audit_log (at, actor_kind, actor, roles, action, kind, resource)
       values ('2001-01-01', 'person', 'eve', '{}', 'x', 'x', 'x')`,
    );
    const { rows } = await superuser.query(`select count(*)::int as old from audit_log where at < '2026-01-01'`);
    expect(rows).toEqual([{ old: 0 }]);
  });

  it('is chained in the order of commits: who was first to write and last to commit comes last', async () => {
    const slow = database.createQueryRunner();
    await slow.startTransaction();
    await log.append(slow.manager, entry('slow'));
    await append(entry('fast'));
    expect(await sealer.seal()).toBe(1);
    await slow.commitTransaction();
    await slow.release();
    expect(await sealer.seal()).toBe(1);
    expect((await chain()).map(({ resource, seal, id }) => [resource, seal, id])).toEqual([
      ['fast', 1, '2'],
      ['slow', 2, '1'],
    ]);
    expect(await verdict()).toEqual({ head: await headNow(), unsealed: 0 });
  });

  it('is sealed by one replica at a time, whole, while others write', async () => {
    const replicas = await Promise.all([1, 2, 3].map(() => openDatabase('notes', definition, env)));
    const sealers = replicas.map((one) => new AuditSealer(one, new AuditLog({}), host));
    let writing = true;
    const counts = sealers.map(async (one) => {
      let count = 0;
      while (writing) count += await one.seal();
      return count;
    });
    await Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        for (let n = 0; n < 25; n++) await append(entry(`${writer}-${n}`), entry(`${writer}-${n} too`));
      }),
    );
    writing = false;
    const total = (await Promise.all(counts)).reduce((sum, count) => sum + count, 0) + (await sealer.seal());
    await Promise.all(replicas.map((one) => one.destroy()));
    expect(total).toBe(400);
    expect((await chain()).map(({ seal }) => seal)).toEqual(Array.from({ length: 400 }, (_, n) => n + 1));
    expect(await verdict()).toMatchObject({ head: { seal: 400 }, unsealed: 0 });
    expect((await verdict()).finding).toBeUndefined();
  });

  it('is sealed past a page in one go, with one time', async () => {
    await append(...Array.from({ length: 2_500 }, (_, n) => entry(String(n))));
    expect(await sealer.seal()).toBe(2_500);
    expect(new Set((await chain()).map(({ sealedAt }) => sealedAt)).size).toBe(1);
    // a look reads nothing of it, whatever the planner has heard of the table
    const { rows } = await superuser.query<{ 'QUERY PLAN': string }>(`explain ${oneWaits}`);
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toMatch(/Index (Only )?Scan using audit_log_unsealed/);
    expect(await verdict()).toEqual({ head: await headNow(), unsealed: 0 });
  });
});

/** Takes places of the chain apart, so that rows may be moved in it. */
const freely = () => superuser.query('alter table audit_log drop constraint if exists audit_log_seal_key');
const remove = (seal: number) => superuser.query('delete from audit_log where seal = $1', [seal]);
const move = (from: number, by: number) =>
  superuser.query('update audit_log set seal = seal + $2 where seal >= $1', [from, by]);
const moveHead = ({ seal, hash }: AuditHead) =>
  superuser.query(`update audit_head set seal = $1, hash = decode($2, 'hex')`, [seal, hash]);
const forge = (seal: number | null, hash: string | null, at = '2026-01-01', sealedAt: string | null = at) =>
  superuser.query(
    `insert into audit_log (at, actor_kind, actor, roles, action, kind, resource, after, seal, sealed_at, hash)
     values ($1, 'person', 'eve', '{admin}', 'note.changed', 'note', 'forged', '{}', $2, $3, decode($4, 'hex'))`,
    [at, seal, seal === null ? null : sealedAt, hash],
  );
/** What somebody who knows how it is done makes of the chain from a place on: every hash is right. */
async function rehash(from: number): Promise<void> {
  const rows = await chain();
  let { hash } = rows[from - 2] ?? emptyChain;
  for (const row of rows.slice(from - 1)) {
    hash = hashOf(hash, row, row.sealedAt);
    await superuser.query(`update audit_log set hash = decode($2, 'hex') where id = $1`, [row.id, hash]);
  }
}

describe('somebody with every right who', () => {
  const columns = {
    at: `at + interval '1 microsecond'`,
    actor_kind: `'command'`,
    actor: `'eve'`,
    roles: `'{admin}'`,
    action: `action || 'x'`,
    kind: `'x'`,
    resource: `resource || 'x'`,
    before: 'null',
    after: `replace(after::text, 'billing', 'Billing')::json`,
    sealed_at: `sealed_at + interval '1 microsecond'`,
    hash: `sha256(hash)`,
  };
  it.each(Object.entries(columns))('changes %s is found, at the entry', async (column, value) => {
    await sealed(5);
    await superuser.query(`update audit_log set ${column} = ${value} where seal = 3`);
    expect((await verdict()).finding).toMatchObject({ what: 'changed', seal: 3, id: '3' });
  });

  it.each([1, 3, 5])('deletes entry %i of five is found', async (seal) => {
    await sealed(5);
    await remove(seal);
    expect((await verdict()).finding).toMatchObject({ what: 'missing', seal });
  });

  it('deletes an entry and closes the gap is found', async () => {
    await sealed(5);
    await freely();
    await remove(3);
    await move(4, -1);
    expect((await verdict()).finding).toMatchObject({ what: 'missing', seal: 3 });
    await moveHead({ seal: 4, hash: (await headNow()).hash });
    expect((await verdict()).finding).toMatchObject({ what: 'changed', seal: 3, id: '4' });
  });

  it('takes the end off, head and all, is found by a head that was kept', async () => {
    await sealed(5);
    const kept = await headNow();
    await remove(5);
    await moveHead((await chain()).at(-1)!);
    expect((await verdict()).finding).toBeUndefined();
    expect((await verdict(kept)).finding).toMatchObject({ what: 'missing', seal: 5 });
  });

  it('changes an entry and hashes all anew, head and all, is found by a head that was kept, whatever came since', async () => {
    await sealed(5);
    const kept = await headNow();
    await append(entry('later'));
    await sealer.seal();
    expect((await verdict(kept)).finding).toBeUndefined();
    await superuser.query(`update audit_log set actor = 'eve' where seal = 2`);
    await rehash(2);
    expect((await verdict()).finding).toMatchObject({ what: 'changed', seal: 6 });
    await moveHead((await chain()).at(-1)!);
    expect((await verdict()).finding).toBeUndefined();
    expect((await verdict(kept)).finding).toMatchObject({ what: 'changed', seal: 5 });
  });

  it.each([
    [2, 3],
    [1, 5],
    [4, 5],
  ])('lets entries %i and %i change places is found', async (one, other) => {
    await sealed(5);
    await freely();
    await superuser.query('update audit_log set seal = $1::int + $2::int - seal where seal in ($1, $2)', [one, other]);
    expect((await verdict()).finding).toMatchObject({ what: 'reordered', seal: one, id: String(other) });
  });

  it('lets what two entries say change places is found', async () => {
    await sealed(5);
    await superuser.query(
      `update audit_log set hash = (select hash from audit_log other where other.seal = 6 - audit_log.seal),
         seal = 6 - audit_log.seal + 100 where seal in (2, 4)`,
    );
    await superuser.query('update audit_log set seal = seal - 100 where seal > 100');
    expect((await verdict()).finding).toMatchObject({ what: 'reordered', seal: 2, id: '4' });
  });

  it.each([1, 3, 5])('puts an entry in before the one at %i is found', async (seal) => {
    await sealed(5);
    await freely();
    await move(seal, 1);
    await forge(seal, 'ab'.repeat(32));
    expect((await verdict()).finding).toMatchObject({ what: 'added', seal, id: '6' });
  });

  it('puts an entry in that has the right hash is found, at the one after it', async () => {
    await sealed(5);
    await freely();
    await move(3, 1);
    await forge(3, 'ab'.repeat(32), '2099-01-01');
    const rows = await chain();
    const right = hashOf(rows[1]!.hash, rows[2]!, rows[2]!.sealedAt);
    await superuser.query(`update audit_log set hash = decode($1, 'hex') where seal = 3`, [right]);
    expect((await verdict()).finding).toMatchObject({ what: 'changed', seal: 4, id: '3' });
  });

  it('puts an entry beside another, or past the end, is found', async () => {
    await sealed(5);
    await freely();
    await forge(6, 'ab'.repeat(32));
    const rows = await chain();
    const right = hashOf(rows[4]!.hash, rows[5]!, rows[5]!.sealedAt);
    await superuser.query(`update audit_log set hash = decode($1, 'hex'), at = now() where seal = 6`, [right]);
    await rehash(6);
    expect((await verdict()).finding).toMatchObject({ what: 'added', seal: 6 });
    await superuser.query('update audit_log set seal = 2 where seal = 6');
    expect((await verdict()).finding).toMatchObject({ what: 'added', seal: 2 });
  });

  it('lets a row of long ago be sealed today is found', async () => {
    await sealed(2);
    await forge(null, null, '2026-01-01');
    expect((await verdict()).finding).toMatchObject({ what: 'unsealed', id: '3' });
    await sealer.seal();
    expect((await verdict()).finding).toMatchObject({ what: 'added', seal: 3, id: '3' });
  });

  it('drops the log is found; a service that never had one is not blamed', async () => {
    await superuser.query('alter table audit_head rename to away');
    expect((await verdict()).finding).toMatchObject({ what: 'missing' });
    await superuser.query('alter table away rename to audit_head');
    await migrateDatabase('others', { entities: [], migrations: [] }, env);
    expect(await verifyAudit('others', env)).toBeUndefined();
    await database.query(`drop database ${prefix}others`);
  });
});

describe('whatever is appended, sealed and tampered with', () => {
  type Step = 'append' | 'append two' | 'begin' | 'commit' | 'roll back' | 'seal';
  const steps = fc.array(
    fc.constantFrom<Step>('append', 'append', 'append two', 'begin', 'commit', 'roll back', 'seal', 'seal'),
    { minLength: 1, maxLength: 25 },
  );
  const tampers = {
    nothing: () => Promise.resolve(),
    change: (k: number) => superuser.query(`update audit_log set actor = actor || 'x' where seal = $1`, [k]),
    delete: remove,
    'delete and close up': async (k: number) => {
      await remove(k);
      await move(k + 1, -1);
    },
    'change and hash anew': async (k: number) => {
      await superuser.query(`update audit_log set actor = actor || 'x' where seal = $1`, [k]);
      await rehash(k);
    },
    'put in': async (k: number) => {
      await move(k, 1);
      await forge(k, 'cd'.repeat(32));
    },
    turn: async (k: number) => {
      await superuser.query('update audit_log set seal = $1 - seal where seal in ($2, $3)', [2 * k - 1, k, k - 1]);
    },
  } satisfies Record<string, (k: number) => Promise<unknown>>;

  it('is whole while nobody tampers, and else the first that was tampered with is named', async () => {
    await fc.assert(
      fc.asyncProperty(
        steps,
        fc.constantFrom(...(Object.keys(tampers) as (keyof typeof tampers)[])),
        fc.nat({ max: 1_000 }),
        async (given, tamper, place) => {
          await anew();
          const open: { manager: EntityManager; end(commit: boolean): Promise<void> }[] = [];
          let committed = 0;
          for (const step of given) {
            if (step === 'append' || step === 'append two') {
              const entries = step === 'append' ? [entry()] : [entry('1'), entry('2')];
              await append(...entries);
              committed += entries.length;
            } else if (step === 'begin' && open.length < 4) {
              const runner = database.createQueryRunner();
              await runner.startTransaction();
              await log.append(runner.manager, entry('open'));
              const end = async (commit: boolean) => {
                await (commit ? runner.commitTransaction() : runner.rollbackTransaction());
                await runner.release();
              };
              open.push({ manager: runner.manager, end });
            } else if (step === 'commit' || step === 'roll back') {
              const one = open.pop();
              await one?.end(step === 'commit');
              if (one && step === 'commit') committed++;
            } else if (step === 'seal') await sealer.seal();
          }
          for (const one of open) await one.end(false);
          await sealer.seal();
          const kept = await headNow();
          expect(kept.seal).toBe(committed);
          expect(await verdict(kept)).toEqual({ head: kept, unsealed: 0 });

          if (committed === 0 || (tamper === 'turn' && committed < 2)) return;
          const k = tamper === 'turn' ? 2 + (place % (committed - 1)) : 1 + (place % committed);
          await freely();
          await tampers[tamper](k);
          const { finding } = await verdict(kept);
          switch (tamper) {
            case 'nothing':
              return expect(finding).toBeUndefined();
            case 'change':
              return expect(finding).toMatchObject({ what: 'changed', seal: k });
            case 'delete':
            case 'delete and close up':
              return expect(finding).toMatchObject({ what: 'missing', seal: k });
            case 'change and hash anew':
              // by the head alone: somewhere up to there
              return expect(finding).toMatchObject({ what: 'changed', seal: committed });
            case 'put in':
              return expect(finding).toMatchObject({ what: 'added', seal: k });
            case 'turn':
              return expect(finding).toMatchObject({ what: 'reordered', seal: k - 1 });
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
