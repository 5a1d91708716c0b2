import { type AuditRow, type SealedRow } from './audit-chain.js';

const timeText = (column: string): string => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** Columns of an {@link AuditRow}: numbers and times as text, so that nothing of them is lost on the way. */
export const rowColumns = `id::text as id, ${timeText('at')} as at, actor_kind as "actorKind", actor, roles, action, kind, resource,
  before::text as before, after::text as after`;

/** Columns of a {@link StoredRow} */
export const sealedColumns = `${rowColumns}, seal::text as seal, ${timeText('sealed_at')} as "sealedAt", encode(hash, 'hex') as hash`;

export type StoredRow = AuditRow & { readonly seal: string; readonly sealedAt: string; readonly hash: string };

export const sealedOf = (row: StoredRow): SealedRow => ({ ...row, seal: Number(row.seal) });

export { timeText };
