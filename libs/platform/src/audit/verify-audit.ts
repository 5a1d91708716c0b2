import pg from 'pg';

import { connectionOf } from '../database.js';
import { type Env } from '../environment.js';
import { anotherHash, type AuditFinding, type AuditHead, ChainCheck, emptyChain, missing } from './audit-chain.js';
import { sealedColumns, sealedOf, type StoredRow, timeText } from './audit-rows.js';
import { auditTables } from './migrations/audit-log-1764610000000.js';

/** What was found in the log of one service. */
export interface AuditVerdict {
  /** The end of the chain, as far as it holds */
  readonly head: AuditHead;
  /** Entries that wait to be sealed */
  readonly unsealed: number;
  /** The first thing that is wrong */
  readonly finding?: AuditFinding;
}

const atOnce = 1_000;
/** A sealer looks each few seconds. */
const sealedWithinSeconds = 15;

/**
 * Reads a service's audit log in its database, as it stands at one moment.
 * @param kept a head that was kept elsewhere: the log must still have all that it had then
 * @returns undefined where the service has none
 * @throws what keeps the database from being read
 */
export async function verifyAudit(service: string, env: Env, kept?: AuditHead): Promise<AuditVerdict | undefined> {
  const client = new pg.Client(connectionOf(service, env));
  await client.connect();
  try {
    await client.query('begin isolation level repeatable read read only');
    return await read(client, kept);
  } finally {
    await client.end();
  }
}

async function read(client: pg.Client, kept: AuditHead | undefined): Promise<AuditVerdict | undefined> {
  const { rows: there } = await client.query<{ log: boolean; head: boolean }>(
    `select to_regclass('audit_log') is not null as log, to_regclass('audit_head') is not null as head`,
  );
  if (!there[0]!.log || !there[0]!.head) {
    const gone = { what: 'missing', message: 'the log was made, and is not there' } as const;
    return (await wasMade(client)) ? { head: emptyChain, unsealed: 0, finding: gone } : undefined;
  }
  const unsealed = await readUnsealed(client);
  const { rows: heads } = await client.query<AuditHead>(
    `select seal::float8 as seal, encode(hash, 'hex') as hash from audit_head`,
  );
  const head = heads[0] ?? emptyChain;
  const check = new ChainCheck();
  const finding = (await readChain(client, check, head, kept)) ?? check.endsAt(head) ?? unsealed.finding;
  return { head: check.end, unsealed: unsealed.count, ...(finding && { finding }) };
}

async function readChain(
  client: pg.Client,
  check: ChainCheck,
  head: AuditHead,
  kept: AuditHead | undefined,
): Promise<AuditFinding | undefined> {
  for await (const row of sealedRows(client)) {
    const wrong = check.take(row);
    if (wrong === 'mismatch') return check.explain(row, sealedRows(client), head);
    if (wrong) return wrong;
    if (kept?.seal === row.seal && kept.hash !== row.hash) return anotherHash(kept);
  }
  return kept && kept.seal > check.end.seal ? missing(check.end.seal + 1, kept.seal) : undefined;
}

/** In the order of the chain */
async function* sealedRows(client: pg.Client) {
  let after: readonly [seal: string, id: string] = ['0', '0'];
  for (let more = true; more;) {
    const { rows }: { rows: StoredRow[] } = await client.query<StoredRow>(
      `select ${sealedColumns} from audit_log where (audit_log.seal, audit_log.id) > ($1::bigint, $2::bigint)
       order by audit_log.seal, audit_log.id limit ${atOnce}`,
      [...after],
    );
    for (const row of rows) yield sealedOf(row);
    const last = rows.at(-1);
    if (last) after = [last.seal, last.id];
    more = rows.length === atOnce;
  }
}

async function readUnsealed(client: pg.Client): Promise<{ count: number; finding?: AuditFinding }> {
  const { rows } = await client.query<{ id: string; at: string; late: boolean }>(
    `select id::text as id, ${timeText('at')} as at, at < clock_timestamp() - interval '${sealedWithinSeconds} s' as late
     from audit_log where seal is null order by audit_log.at, audit_log.id`,
  );
  const late = rows.filter((row) => row.late);
  const [first] = late;
  if (!first) return { count: rows.length };
  const message = `${late.length === 1 ? 'it waits' : `it and ${late.length - 1} more wait`} to be sealed since ${first.at}: does the service run?`;
  return { count: rows.length, finding: { what: 'unsealed', id: first.id, message } };
}

async function wasMade(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ made: boolean }>(`select to_regclass('migration') is not null as made`);
  if (!rows[0]!.made) return false;
  const names = auditTables.map((migration) => new migration().name);
  const { rows: found } = await client.query('select from migration where name = any($1)', [names]);
  return found.length > 0;
}
