import { randomUUID } from 'node:crypto';
import { type AuditLog, isSealed, Problem, type SecretBox } from '@closeloop/platform';
import { type DataSource, type EntityManager } from 'typeorm';
import { type Actor, nameOf } from '../domain/actor.js';
import { ReplySenders, type ReplySender, type ReplySenderKind, type ReplySenderView } from '../domain/reply-senders.js';

export class ReplySenderRepository extends ReplySenders {
  /** @param mustSeal refuse to keep a secret when there is no key to seal it with */
  constructor(
    private readonly database: DataSource,
    private readonly box: SecretBox,
    private readonly mustSeal: boolean,
    private readonly audit: AuditLog,
  ) {
    super();
  }

  override list(): Promise<ReplySenderView[]> {
    return viewsOf(this.database.manager);
  }

  override async set(
    source: string,
    { kind, url, key, actor }: { kind: ReplySenderKind; url?: string; key?: Uint8Array; actor: Actor },
  ): Promise<ReplySenderView> {
    if (key) this.assertMayKeepSecrets();
    return this.database.transaction(async (tx) => {
      const [before] = await tx.query<{ kind: ReplySenderKind; url: string | null }[]>(
        'select kind, url from reply_sender where source = $1 for update',
        [source],
      );
      await tx.query(
        `insert into reply_sender (source, kind, url, changed_by) values ($1, $2, $3, $4)
         on conflict (source) do update set kind = excluded.kind, url = excluded.url, changed_at = now(),
           changed_by = excluded.changed_by`,
        [source, kind, url ?? null, nameOf(actor)],
      );
      if (key || kind === 'file') await tx.query('delete from reply_sender_secret where source = $1', [source]);
      if (key) await this.keep(tx, source, key);
      await this.audit.append(tx, {
        ...{ actor, action: 'reply-sender.set', resource: { kind: 'reply-sender', id: source } },
        ...(before && { before: { kind: before.kind, host: hostOf(before.url) } }),
        after: { kind, host: hostOf(url), newSecret: key !== undefined },
      });
      return (await viewsOf(tx, source))[0]!;
    });
  }

  override async hasSecret(source: string): Promise<boolean> {
    const rows = await this.database.query<unknown[]>('select 1 from reply_sender_secret where source = $1 limit 1', [
      source,
    ]);
    return rows.length > 0;
  }

  override async rotate(
    source: string,
    { key, overlapSeconds, actor }: { key: Uint8Array; overlapSeconds: number; actor: Actor },
  ): Promise<ReplySenderView | undefined> {
    this.assertMayKeepSecrets();
    return this.database.transaction(async (tx) => {
      const found = await tx.query<unknown[]>(
        `select 1 from reply_sender where source = $1 and kind = 'webhook' for update`,
        [source],
      );
      if (found.length === 0) return undefined;
      await tx.query('delete from reply_sender_secret where source = $1 and expires_at <= now()', [source]);
      await tx.query(
        `update reply_sender_secret set expires_at = least(expires_at, now() + make_interval(secs => $2))
         where source = $1`,
        [source, overlapSeconds],
      );
      const secretId = await this.keep(tx, source, key);
      await this.audit.append(tx, {
        ...{ actor, action: 'reply-sender.rotated', resource: { kind: 'reply-sender', id: source } },
        after: { secret: secretId, overlapSeconds },
      });
      return (await viewsOf(tx, source))[0];
    });
  }

  override async remove(source: string, actor: Actor): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      const [[before]] = await tx.query<[{ kind: ReplySenderKind; url: string | null }[], number]>(
        'delete from reply_sender where source = $1 returning kind, url',
        [source],
      );
      if (!before) return false;
      await this.audit.append(tx, {
        ...{ actor, action: 'reply-sender.removed', resource: { kind: 'reply-sender', id: source } },
        before: { kind: before.kind, host: hostOf(before.url) },
      });
      return true;
    });
  }

  override async senderOf(source: string): Promise<ReplySender | undefined> {
    const rows = await this.database.query<
      { kind: ReplySenderKind; url: string | null; id: string | null; sealed: Buffer | null }[]
    >(
      `select kind, url, secret.id, secret.sealed from reply_sender
         left join reply_sender_secret secret
           on secret.source = reply_sender.source and (expires_at is null or expires_at > now())
       where reply_sender.source = $1 order by secret.created_at desc`,
      [source],
    );
    const [first] = rows;
    if (!first) return undefined;
    if (first.kind === 'file') return { kind: 'file' };
    const keys = rows.flatMap(({ id, sealed }) => {
      if (id === null || sealed === null) return [];
      const key = this.box.open(sealed, placeOf(source, id));
      if (!key) throw new Error('The secret of the sender cannot be opened with WEBHOOK_SECRETS_KEY.');
      return [key];
    });
    return { kind: 'webhook', url: first.url!, keys };
  }

  private async keep(tx: EntityManager, source: string, key: Uint8Array): Promise<string> {
    const id = randomUUID();
    await tx.query('insert into reply_sender_secret (id, source, sealed) values ($1, $2, $3)', [
      ...[id, source, this.box.seal(key, placeOf(source, id))],
    ]);
    return id;
  }

  private assertMayKeepSecrets(): void {
    if (this.box.seals || !this.mustSeal) return;
    throw new Problem(
      'forbidden',
      'This installation has no WEBHOOK_SECRETS_KEY, so it keeps no webhook secrets. Set it to 32 random bytes in base64.',
    );
  }
}

/** An address may hold a secret of its own: its host is enough. */
const hostOf = (url: string | null | undefined): string | undefined => (url ? new URL(url).host : undefined);

const placeOf = (source: string, secretId: string): string => JSON.stringify(['reply-sender', source, secretId]);

async function viewsOf(tx: EntityManager, source?: string): Promise<ReplySenderView[]> {
  const senders = await tx.query<
    { source: string; kind: ReplySenderKind; url: string | null; changed_at: Date; changed_by: string }[]
  >(
    `select source, kind, url, changed_at, changed_by from reply_sender where $1::text is null or source = $1
     order by source`,
    [source ?? null],
  );
  const secrets = await tx.query<
    { id: string; source: string; created_at: Date; expires_at: Date | null; sealed: Buffer }[]
  >('select id, source, created_at, expires_at, sealed from reply_sender_secret order by created_at desc');
  return senders.map((row) => ({
    ...{ source: row.source, kind: row.kind },
    ...(row.url !== null && { url: row.url }),
    ...{ changedAt: row.changed_at, changedBy: row.changed_by },
    secrets: secrets
      .filter((secret) => secret.source === row.source)
      .map(({ id, created_at: createdAt, expires_at: expiresAt, sealed }) => ({
        ...{ id, createdAt, expiresAt, sealed: isSealed(sealed) },
      })),
  }));
}
