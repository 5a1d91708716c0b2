import { Controller, Get, Header, Inject, Query } from '@nestjs/common';
import { DataSource } from 'typeorm';

import { ForPeople } from '../access.js';
import { SERVICE_NAME } from '../environment.js';
import { invalid } from '../problem.js';
import { type StoredRow, sealedColumns } from './audit-rows.js';

const filters = ['actor', 'action', 'kind', 'resource', 'from', 'to', 'limit', 'cursor'] as const;
type Asked = Partial<Record<(typeof filters)[number], string>>;

const usualLimit = 50;
const mostLimit = 200;
const timePattern = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/;

/** Who changed what. */
@ForPeople('manager', 'admin')
@Controller('v1/audit')
export class AuditController {
  constructor(
    private readonly dataSource: DataSource,
    @Inject(SERVICE_NAME) private readonly service: string,
  ) {}

  /** Newest first. */
  @Get()
  @Header('cache-control', 'no-store')
  async list(@Query() query: Record<string, unknown>) {
    const { limit: most, cursor, from, to, ...named } = askedOf(query);
    const parameters: unknown[] = [];
    const conditions = ['true'];
    const add = (condition: string, ...values: unknown[]): void => {
      conditions.push(condition.replaceAll('?', () => `$${parameters.push(values.shift())}`));
    };
    for (const [name, value] of Object.entries(named)) add(`${name} = ?`, value);
    if (from !== undefined) add('audit_log.at >= ?', timeOf('from', from));
    if (to !== undefined) add('audit_log.at < ?', timeOf('to', to));
    if (cursor !== undefined) add('(audit_log.at, audit_log.id) < (?::timestamptz, ?::bigint)', ...placeOf(cursor));
    const limit = limitOf(most);
    const rows = await this.dataSource.query<StoredRow[]>(
      // one more tells whether there is a next page
      `select ${sealedColumns} from audit_log where ${conditions.join(' and ')}
       order by audit_log.at desc, audit_log.id desc limit ${limit + 1}`,
      parameters,
    );
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return { items: page.map(viewOf), ...(rows.length > limit && last && { cursor: cursorOf(last) }) };
  }

  /** To be kept elsewhere: `closeloop audit verify --head` tells whether the log still has all that it had now. */
  @Get('head')
  @Header('cache-control', 'no-store')
  async head() {
    const [row] = await this.dataSource.query<[{ seal: string; hash: string; unsealed: number; at: Date }]>(
      `select seal::text as seal, encode(hash, 'hex') as hash, clock_timestamp() as at,
         (select count(*)::int from audit_log where audit_log.seal is null) as unsealed
       from audit_head`,
    );
    const { seal, hash, unsealed, at } = row;
    return { head: `${this.service}:${seal}:${hash}`, seal: Number(seal), hash, unsealed, at: at.toISOString() };
  }
}

function viewOf({ id, at, actorKind, actor, roles, action, kind, resource, before, after, seal, hash }: StoredRow) {
  return {
    ...{ id, at, actor: { kind: actorKind, subject: actor, roles }, action, resource: { kind, id: resource } },
    before: before === null ? null : (JSON.parse(before) as object),
    after: after === null ? null : (JSON.parse(after) as object),
    seal: seal === null ? null : { number: Number(seal), hash },
  };
}

/** @throws Problem `invalid` for what is no filter, or given twice */
function askedOf(query: Readonly<Record<string, unknown>>): Asked {
  const asked: Asked = {};
  for (const [name, value] of Object.entries(query)) {
    if (!filters.includes(name as keyof Asked))
      throw invalid(`/${name}`, 'whitelistValidation', `There is no parameter ${name}: ${filters.join(', ')}.`);
    if (typeof value !== 'string') throw invalid(`/${name}`, 'isString', `${name} may be given once.`);
    asked[name as keyof Asked] = value;
  }
  return asked;
}

function timeOf(name: string, text: string): Date {
  if (timePattern.test(text) && !Number.isNaN(Date.parse(text))) return new Date(text);
  throw invalid(`/${name}`, 'isTimestamp', `${name} must be a time as RFC 3339 has it.`);
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return usualLimit;
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > mostLimit) throw invalid('/limit', 'max', `limit must be 1 to ${mostLimit}.`);
  return limit;
}

const cursorOf = ({ at, id }: StoredRow): string => Buffer.from(JSON.stringify([at, id])).toString('base64url');

function placeOf(cursor: string): [at: string, id: string] {
  try {
    const place = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown;
    if (Array.isArray(place) && place.length === 2) {
      const [at, id] = place as unknown[];
      const isTime = typeof at === 'string' && timePattern.test(at) && !Number.isNaN(Date.parse(at));
      if (isTime && typeof id === 'string' && /^\d{1,18}$/.test(id)) return [at, id];
    }
  } catch {
    // told below
  }
  throw invalid('/cursor', 'cursor', 'cursor is not one that this route gave.');
}
