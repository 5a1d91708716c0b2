import { randomUUID } from 'node:crypto';
import { type AuditFacts, type AuditLog, isSealed, personal, Problem, type SecretBox } from '@closeloop/platform';
import { Logger } from '@nestjs/common';
import { type DataSource, type EntityManager, In, IsNull } from 'typeorm';
import { EndpointStore, type EndpointChange, type NewEndpoint } from '../domain/endpoint-store.js';
import { nextDigest, wantedChanges, type Digest, type Endpoint } from '../domain/endpoint.js';
import { type Person } from '../domain/permission.js';
import { EndpointEntity, EndpointSecretEntity, placeOf } from './endpoint.entity.js';

export class EndpointRepository extends EndpointStore {
  private readonly logger = new Logger('Endpoints');

  /** @param mustSeal refuse to keep a secret when there is no key to seal it with */
  constructor(
    private readonly dataSource: DataSource,
    private readonly box: SecretBox,
    private readonly mustSeal: boolean,
    private readonly audit: AuditLog,
  ) {
    super();
  }

  override async add(endpoint: NewEndpoint, by: Person): Promise<Endpoint> {
    const { team, kind, url, addresses, changes, digest, paused, key } = endpoint;
    const secret = kind === 'slack' ? Buffer.from(url!) : key;
    if (secret) this.assertMayKeepSecrets();
    const endpointId = randomUUID();
    return this.dataSource.transaction(async (tx) => {
      const now = await clock(tx);
      await tx.insert(EndpointEntity, {
        ...{ endpointId, team, kind, createdBy: by.subject, createdAt: now, failures: 0 },
        url: url === undefined ? null : shownUrl(kind, url),
        addresses: addresses ? [...addresses] : null,
        ...selectionOf(changes),
        ...digestOf(digest ?? null, now),
        ...pauseOf(paused, by.subject, now),
      });
      if (secret) await this.keep(tx, endpointId, secret);
      await this.note(tx, by, 'created', endpointId, { team, kind, changes, paused, ...contactsOf(endpoint) });
      return (await viewsOf(tx, team, endpointId))[0]!;
    });
  }

  override of(team: string): Promise<Endpoint[]> {
    return viewsOf(this.dataSource.manager, team);
  }

  override async one(team: string, endpointId: string): Promise<Endpoint | undefined> {
    return (await viewsOf(this.dataSource.manager, team, endpointId))[0];
  }

  override change(team: string, endpointId: string, change: EndpointChange, by: Person): Promise<Endpoint | undefined> {
    const { url, addresses, changes, digest, paused } = change;
    return this.dataSource.transaction(async (tx) => {
      const row = await locked(tx, team, endpointId);
      if (!row) return undefined;
      const now = await clock(tx);
      if (row.kind === 'slack' && url !== undefined) {
        this.assertMayKeepSecrets();
        await tx.delete(EndpointSecretEntity, { endpointId });
        await this.keep(tx, endpointId, Buffer.from(url));
      }
      // it is most often changed because it failed: it need not rest any longer
      await tx.update(
        EndpointEntity,
        { endpointId },
        {
          ...{ failures: 0, openUntil: null },
          ...(url !== undefined && { url: shownUrl(row.kind, url) }),
          ...(addresses && { addresses: [...addresses] }),
          ...(changes && selectionOf(changes)),
          ...(digest !== undefined && digestOf(digest, now)),
          ...(paused !== undefined &&
            (paused ? row.pausedAt === null && pauseOf(true, by.subject, now) : pauseOf(false, by.subject, now))),
        },
      );
      const before = { team, changes: row.selected, paused: row.pausedAt !== null };
      const after = {
        changes: changes ?? row.selected,
        paused: paused ?? row.pausedAt !== null,
        ...contactsOf(change),
      };
      await this.note(tx, by, 'changed', endpointId, after, before);
      return (await viewsOf(tx, team, endpointId))[0];
    });
  }

  override remove(team: string, endpointId: string, by: Person): Promise<boolean> {
    return this.dataSource.transaction(async (tx) => {
      const row = await locked(tx, team, endpointId);
      if (!row) return false;
      await tx.update(EndpointEntity, { endpointId }, { deletedAt: await clock(tx) });
      await tx.delete(EndpointSecretEntity, { endpointId });
      await this.note(tx, by, 'deleted', endpointId, undefined, { team, kind: row.kind });
      return true;
    });
  }

  override rotate(
    team: string,
    endpointId: string,
    key: Uint8Array,
    overlapHours: number,
    by: Person,
  ): Promise<Endpoint | undefined> {
    this.assertMayKeepSecrets();
    return this.dataSource.transaction(async (tx) => {
      const row = await locked(tx, team, endpointId);
      if (row?.kind !== 'webhook') return undefined;
      await tx.query('delete from endpoint_secret where endpoint_id = $1 and expires_at <= clock_timestamp()', [
        endpointId,
      ]);
      await tx.query(
        `update endpoint_secret set expires_at = least(expires_at, clock_timestamp() + $2::int * interval '1 hour')
          where endpoint_id = $1`,
        [endpointId, overlapHours],
      );
      await this.keep(tx, endpointId, key);
      await this.note(tx, by, 'secret-rotated', endpointId, { team, overlapHours });
      return (await viewsOf(tx, team, endpointId))[0];
    });
  }

  private note(
    tx: EntityManager,
    { subject, roles }: Person,
    change: string,
    id: string,
    after: AuditFacts | undefined,
    before?: AuditFacts,
  ): Promise<void> {
    return this.audit.append(tx, {
      ...{
        actor: { kind: 'person', subject, roles },
        action: `endpoint.${change}`,
        resource: { kind: 'endpoint', id },
      },
      ...(before && { before }),
      ...(after && { after }),
    });
  }

  private async keep(tx: EntityManager, endpointId: string, secret: Uint8Array): Promise<void> {
    const secretId = randomUUID();
    await tx.insert(EndpointSecretEntity, {
      ...{ secretId, endpointId, sealed: this.box.seal(secret, placeOf(endpointId, secretId)) },
      // secrets of two rotations differ
      createdAt: () => 'clock_timestamp()',
    });
  }

  private assertMayKeepSecrets(): void {
    if (this.box.seals) return;
    if (this.mustSeal) {
      throw new Problem(
        'forbidden',
        'This installation has no WEBHOOK_SECRETS_KEY, so it keeps no secrets of endpoints. Set it to 32 random bytes in base64.',
      );
    }
    this.logger.warn('a secret of an endpoint is kept unsealed, because WEBHOOK_SECRETS_KEY is not set');
  }
}

/** Where somebody is to be reached stands there as a hash. */
const contactsOf = ({ url, addresses }: Pick<NewEndpoint, 'url' | 'addresses'>): AuditFacts => ({
  url: personal(url),
  addresses: personal(addresses?.join(' ')),
});

async function clock(tx: EntityManager): Promise<Date> {
  const [row] = await tx.query<{ now: Date }[]>(`select date_trunc('milliseconds', clock_timestamp()) as now`);
  return row!.now;
}

const locked = (tx: EntityManager, team: string, endpointId: string): Promise<EndpointEntity | null> =>
  tx.findOne(EndpointEntity, { where: { team, endpointId, deletedAt: IsNull() }, lock: { mode: 'pessimistic_write' } });

const shownUrl = (kind: Endpoint['kind'], url: string): string => (kind === 'slack' ? new URL(url).origin : url);

function selectionOf(selected: readonly string[]): Pick<EndpointEntity, 'selected' | 'changes'> {
  const changes = wantedChanges(selected);
  return { selected: [...selected], changes: changes && [...changes] };
}

const digestOf = (digest: Digest | null, now: Date): Pick<EndpointEntity, 'digest' | 'nextDigestAt'> => ({
  digest,
  nextDigestAt: digest && nextDigest(digest, now),
});

const pauseOf = (paused: boolean, by: string, now: Date): Pick<EndpointEntity, 'pausedAt' | 'pausedBy'> => ({
  pausedAt: paused ? now : null,
  pausedBy: paused ? by : null,
});

async function viewsOf(tx: EntityManager, team: string, endpointId?: string): Promise<Endpoint[]> {
  const rows = await tx.find(EndpointEntity, {
    where: { team, deletedAt: IsNull(), ...(endpointId !== undefined && { endpointId }) },
    order: { createdAt: 'ASC', endpointId: 'ASC' },
  });
  const secrets = await tx.find(EndpointSecretEntity, {
    where: { endpointId: In(rows.map((row) => row.endpointId)) },
    order: { createdAt: 'DESC' },
  });
  return rows.map((row) => ({
    ...{ endpointId: row.endpointId, team: row.team, kind: row.kind, changes: row.selected, failures: row.failures },
    ...(row.url !== null && { url: row.url }),
    ...(row.addresses && { addresses: row.addresses }),
    ...(row.digest && { digest: row.digest }),
    ...(row.pausedAt && { paused: { since: row.pausedAt, by: row.pausedBy! } }),
    ...(row.openUntil && { openUntil: row.openUntil }),
    ...{ createdAt: row.createdAt, createdBy: row.createdBy },
    secrets: secrets
      .filter((secret) => secret.endpointId === row.endpointId)
      .map(({ secretId, createdAt, expiresAt, sealed }) => ({
        ...{ secretId, createdAt, sealed: isSealed(sealed) },
        ...(expiresAt && { expiresAt }),
      })),
  }));
}
