import { type AuditFacts, type AuditLog, type SecretBox } from '@closeloop/platform';
import { Logger } from '@nestjs/common';
import { type DataSource, type EntityManager } from 'typeorm';
import {
  type ClaimedDelivery,
  type DeliveryFilter,
  type DeliveryResult,
  DeliveryStore,
  type Parcel,
  type PendingDeliveries,
  type Receiver,
} from '../domain/delivery-store.js';
import { type Delivery, type DeliveryAttempt, type DeliveryTimes } from '../domain/delivery.js';
import { type Digest, type EndpointKind, nextDigest } from '../domain/endpoint.js';
import { type Person } from '../domain/permission.js';
import { type Told } from '../domain/told-insight.js';
import { hangBell } from './delivery-bell.js';
import { deliveryColumns, deliveryOf, teamBefore, wants } from './delivery.statement.js';
import { placeOf } from './endpoint.entity.js';
import { stepsTold } from './step.statement.js';
import { insightsTold } from './told-insight.repository.js';

/** Most deliveries of one digest; more go with the next. */
const digestLimit = 500;
/** Most entries of a delivery's log. */
const logLimit = 50;
/** Most rows that one tidying changes of a kind. */
const tidyLimit = 5_000;

interface ClaimedRow {
  deliveryId: string;
  endpointId: string;
  about: Delivery['about'];
  loopId: string;
  version: number;
  attempts: number;
  giveUpAt: Date;
  lease: string;
}

interface ReceiverRow {
  endpointId: string;
  team: string;
  kind: EndpointKind;
  url: string | null;
  addresses: string[] | null;
  secrets: { id: string; sealed: string }[];
}

/** What a claim writes and gives back, after `chosen`. */
const claimed = (lease: string): string => `
  update delivery d set due_at = clock_timestamp() + ${lease}::int * interval '1 ms', lease = gen_random_uuid()
    from chosen where d.delivery_id = chosen.delivery_id
    returning d.delivery_id "deliveryId", d.endpoint_id "endpointId", d.about, d.loop_id "loopId", d.version, d.attempts,
      d.give_up_at "giveUpAt", d.lease`;

/** An endpoint that may be sent to now. */
const reachable = `e.deleted_at is null and e.paused_at is null
  and (e.open_until is null or e.open_until <= clock_timestamp())`;

export class DeliveryRepository extends DeliveryStore {
  private readonly logger = new Logger('Deliveries');

  constructor(
    private readonly dataSource: DataSource,
    private readonly box: SecretBox,
    private readonly audit: AuditLog,
  ) {
    super();
  }

  override onAppended(ring: () => void): void {
    hangBell(this.dataSource, ring);
  }

  override async untilNext(): Promise<number | undefined> {
    const [row] = await this.dataSource.query<{ wait: number | null }[]>(
      `select (extract(epoch from min(at) - clock_timestamp()) * 1000)::float8 as wait
        from endpoint e cross join lateral (
          select greatest(due_at, e.open_until) as at from (
            select due_at from delivery d
              where d.endpoint_id = e.endpoint_id and d.state = 'pending' and (e.digest is null or d.attempts > 0)
              order by due_at limit 1
          ) first
          union all
          select greatest(e.next_digest_at, e.open_until) where e.digest is not null
        ) next
        where e.deleted_at is null and e.paused_at is null`,
    );
    return row?.wait ?? undefined;
  }

  override async claim(
    limit: number,
    ofEach: number,
    underWay: ReadonlyMap<string, number>,
    times: DeliveryTimes,
  ): Promise<Parcel[]> {
    // One statement, and nothing is open while a receiver is waited for. Whoever comes second finds the lease, not the lock.
    const rows = await this.dataSource
      .query<ClaimedRow[]>(
        `with free as materialized (
        select e.endpoint_id, e.failures >= $4::int as is_probe,
          case when e.failures >= $4 then 1 else $2::int - coalesce(b.count, 0) end as room
        from endpoint e left join unnest($5::uuid[], $6::int[]) b(endpoint_id, count) using (endpoint_id)
        where e.digest is null and coalesce(b.count, 0) < $2 and ${reachable}
      ), chosen as materialized (
        select c.delivery_id, f.endpoint_id, f.is_probe from free f cross join lateral (
          select d.delivery_id, d.due_at from delivery d
          where d.endpoint_id = f.endpoint_id and d.state = 'pending' and d.due_at <= clock_timestamp()
            and not exists (
              select from delivery b where b.loop_id = d.loop_id and b.version < d.version
                and b.endpoint_id = d.endpoint_id and b.state = 'pending')
          order by d.due_at, d.created_at limit f.room
          for update skip locked
        ) c order by c.due_at limit $1
      ), probing as (
        -- one is tried at a time, in all replicas
        update endpoint e set open_until = clock_timestamp() + $3::int * interval '1 ms'
          from (select distinct endpoint_id from chosen where is_probe) p where e.endpoint_id = p.endpoint_id
      ) ${claimed('$3')}`,
        [limit, ofEach, times.leaseMs, times.circuitAfter, [...underWay.keys()], [...underWay.values()]],
      )
      .then(rowsOf);
    const parcels = await this.parcelsOf(this.dataSource.manager, rows);
    return parcels.flatMap(({ receiver, deliveries }) => deliveries.map((one) => ({ receiver, deliveries: [one] })));
  }

  override async claimDigests(times: DeliveryTimes): Promise<Parcel[]> {
    return this.dataSource.transaction(async (manager) => {
      const due = await manager.query<{ endpointId: string; digest: Digest; at: Date; now: Date }[]>(
        `select e.endpoint_id "endpointId", e.digest, e.next_digest_at "at", clock_timestamp() now from endpoint e
          where e.digest is not null and e.next_digest_at <= clock_timestamp() and ${reachable}
          for update skip locked`,
      );
      if (due.length > 0) {
        await manager.query(
          `update endpoint e set next_digest_at = n.at from unnest($1::uuid[], $2::timestamptz[]) n(endpoint_id, at)
            where e.endpoint_id = n.endpoint_id`,
          [due.map(({ endpointId }) => endpointId), due.map(({ digest, now }) => nextDigest(digest, now))],
        );
      }
      const rows = await manager
        .query<ClaimedRow[]>(
          `with free as materialized (
          select e.endpoint_id, e.endpoint_id = any($2::uuid[]) as is_time from endpoint e
            where e.digest is not null and ${reachable}
        ), chosen as materialized (
          select c.delivery_id from free f cross join lateral (
            select d.delivery_id from delivery d
            where d.endpoint_id = f.endpoint_id and d.state = 'pending' and d.due_at <= clock_timestamp()
              and (f.is_time or d.attempts > 0)
            order by d.due_at limit $3::int
            for update skip locked
          ) c
        ) ${claimed('$1')}`,
          [times.leaseMs, due.map(({ endpointId }) => endpointId), digestLimit],
        )
        .then(rowsOf);
      return this.parcelsOf(manager, rows);
    });
  }

  private async parcelsOf(manager: EntityManager, rows: readonly ClaimedRow[]): Promise<Parcel[]> {
    if (rows.length === 0) return [];
    const byEndpoint = new Map<string, ClaimedDelivery[]>();
    const ofInsights = await insightsTold(
      manager,
      rows.filter(({ about }) => about === 'insight'),
    );
    const ofLoops = await stepsTold(
      manager,
      rows.filter(({ about }) => about === 'loop'),
    );
    const steps = new Map<string, Told>([...ofLoops, ...ofInsights]);
    const inOrder = [...rows].sort((one, other) =>
      one.loopId === other.loopId ? one.version - other.version : one.loopId < other.loopId ? -1 : 1,
    );
    for (const { endpointId, loopId, version, deliveryId, lease, attempts, giveUpAt } of inOrder) {
      const delivery = { deliveryId, lease, attempts, giveUpAt, told: steps.get(`${loopId}/${version}`) };
      byEndpoint.set(endpointId, [...(byEndpoint.get(endpointId) ?? []), delivery]);
    }
    const receivers = await this.receiversOf(manager, [...byEndpoint.keys()]);
    return receivers.map((receiver) => ({ receiver, deliveries: byEndpoint.get(receiver.endpointId)! }));
  }

  private async receiversOf(manager: EntityManager, endpointIds: readonly string[]): Promise<Receiver[]> {
    const rows = await manager.query<ReceiverRow[]>(
      `select e.endpoint_id "endpointId", e.team, e.kind, e.url, e.addresses, coalesce((
          select json_agg(json_build_object('id', s.secret_id, 'sealed', encode(s.sealed, 'base64')) order by s.created_at desc)
          from endpoint_secret s
          where s.endpoint_id = e.endpoint_id and (s.expires_at is null or s.expires_at > clock_timestamp())), '[]') secrets
        from endpoint e where e.endpoint_id = any($1::uuid[]) and e.deleted_at is null`,
      [endpointIds],
    );
    return rows.map(({ endpointId, team, kind, url, addresses, secrets }) => {
      const opened = secrets.flatMap(({ id, sealed }) => {
        const secret = this.box.open(Buffer.from(sealed, 'base64'), placeOf(endpointId, id));
        if (!secret) this.logger.error(`a secret of endpoint ${endpointId} cannot be opened with WEBHOOK_SECRETS_KEY`);
        return secret ? [secret] : [];
      });
      const address = kind === 'slack' ? opened[0]?.toString() : (url ?? undefined);
      return {
        ...{ endpointId, team, kind, addresses: addresses ?? [], keys: kind === 'webhook' ? opened : [] },
        ...(address !== undefined && { url: address }),
      };
    });
  }

  override async record(results: readonly DeliveryResult[], times: DeliveryTimes): Promise<void> {
    // sorted: two that write some of the same rows wait for each other in one order
    const sorted = [...results].sort((one, other) => (one.deliveryId < other.deliveryId ? -1 : 1));
    await this.dataSource.query(
      `update delivery d set state = r.state, lease = null, attempts = d.attempts + (r.attempt is not null)::int,
          due_at = clock_timestamp() + r.due_in * interval '1 ms',
          settled_at = case when r.state <> 'pending' then clock_timestamp() end,
          log = case when r.attempt is null then d.log
            when jsonb_array_length(d.log) < $7::int then d.log || r.attempt else (d.log - 0) || r.attempt end
        from unnest($1::uuid[], $2::uuid[], $3::text[], $4::float8[], $5::jsonb[], $6::uuid[])
          r(delivery_id, lease, state, due_in, attempt, endpoint_id)
        where d.delivery_id = r.delivery_id and d.lease = r.lease`,
      [
        sorted.map(({ deliveryId }) => deliveryId),
        sorted.map(({ lease }) => lease),
        sorted.map(({ state }) => state),
        sorted.map(({ dueInMs }) => dueInMs),
        sorted.map(({ attempt }) => (attempt ? JSON.stringify(attempt) : null)),
        sorted.map(({ endpointId }) => endpointId),
        logLimit,
      ],
    );
    await this.recordReceivers(results, times);
  }

  /** What the answers say of their endpoints: how often each failed in a row, and whether it is to rest. */
  private async recordReceivers(results: readonly DeliveryResult[], times: DeliveryTimes): Promise<void> {
    const byEndpoint = new Map<string, { took: boolean; failed: number; gone: boolean }>();
    for (const { endpointId, receiver } of results) {
      if (!receiver) continue;
      const said = byEndpoint.get(endpointId) ?? { took: false, failed: 0, gone: false };
      if (receiver === 'took') Object.assign(said, { took: true, failed: 0 });
      else Object.assign(said, { failed: said.failed + 1, gone: said.gone || receiver === 'gone' });
      byEndpoint.set(endpointId, said);
    }
    // an endpoint that answers as ever needs no row written
    const said = [...byEndpoint].sort(([one], [other]) => (one < other ? -1 : 1));
    if (said.length === 0) return;
    // Several that fail at once open the circuit once: from then on one failed probe makes the rest longer.
    await this.dataSource.query(
      `with said as (
        select r.*, least(case when r.took then 0 else e.failures end + r.failed,
            greatest($5::int, case when r.took then 0 else e.failures end + 1)) as failures
        from unnest($1::uuid[], $2::bool[], $3::int[], $4::bool[]) r(endpoint_id, took, failed, gone)
          join endpoint e using (endpoint_id)
        where r.failed > 0 or r.gone or e.failures > 0 or e.open_until is not null
        order by e.endpoint_id for update of e
      )
      update endpoint e set failures = s.failures,
          open_until = case when s.failures >= $5
            then clock_timestamp() + least($7::float8, $6::float8 * 2 ^ least(s.failures - $5, 30)) * interval '1 ms' end,
          paused_at = case when s.gone then coalesce(e.paused_at, clock_timestamp()) else e.paused_at end,
          paused_by = case when s.gone then coalesce(e.paused_by, 'gone') else e.paused_by end
        from said s where e.endpoint_id = s.endpoint_id`,
      [
        said.map(([endpointId]) => endpointId),
        said.map(([, { took }]) => took),
        said.map(([, { failed }]) => failed),
        said.map(([, { gone }]) => gone),
        ...[times.circuitAfter, times.circuitMs, times.longestCircuitMs],
      ],
    );
  }

  override async tidy(keptDays: number, { circuitAfter }: DeliveryTimes): Promise<PendingDeliveries> {
    await this.dataSource.query(
      `with over as (
        select d.delivery_id, e.deleted_at is not null as is_deleted from delivery d join endpoint e using (endpoint_id)
        where d.state = 'pending' and (e.deleted_at is not null
          or (d.give_up_at < clock_timestamp() and (e.paused_at is not null or e.failures >= $1::int)))
        limit $2::int for update of d skip locked
      )
      update delivery d set state = 'given-up', settled_at = clock_timestamp(), lease = null,
          log = d.log || jsonb_build_object('at', to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
            'error', case when over.is_deleted then 'the endpoint was deleted' else 'the endpoint took nothing in time' end)
        from over where d.delivery_id = over.delivery_id`,
      [circuitAfter, tidyLimit],
    );
    await this.dataSource.query(
      `delete from delivery where delivery_id in (
        select delivery_id from delivery where created_at < clock_timestamp() - $1::int * interval '1 day' and state <> 'pending'
        order by created_at limit $2::int for update skip locked)`,
      [keptDays, tidyLimit],
    );
    await this.dataSource.query(
      `delete from endpoint where deleted_at < clock_timestamp() - $1::int * interval '1 day'
        and not exists (select from delivery d where d.endpoint_id = endpoint.endpoint_id and d.state = 'pending')`,
      [keptDays],
    );
    const [row] = await this.dataSource.query<{ count: number; oldest: number | null }[]>(
      `select count(*)::int count, extract(epoch from clock_timestamp() - min(created_at))::float8 oldest
        from delivery where state = 'pending'`,
    );
    return { count: row!.count, oldestSeconds: row!.oldest ?? 0 };
  }

  override async page({ teams, endpointId, loopId, states, after, limit }: DeliveryFilter): Promise<Delivery[]> {
    const rows = await this.dataSource.query<DeliveryRow[]>(
      `select ${deliverySelection} from delivery
        where ($1::text[] is null or team = any($1)) and ($2::uuid is null or endpoint_id = $2)
          and ($3::uuid is null or loop_id = $3) and ($4::text[] is null or state = any($4))
          and ($5::timestamptz is null or (created_at, delivery_id) < ($5, $6::uuid))
        order by created_at desc, delivery_id desc limit $7::int`,
      [
        ...[teams ?? null, endpointId ?? null, loopId ?? null, states ?? null],
        ...[after?.createdAt ?? null, after?.deliveryId ?? null, limit],
      ],
    );
    return rows.map(deliveryFrom);
  }

  override async one(deliveryId: string): Promise<Delivery | undefined> {
    const rows = await this.dataSource.query<DeliveryRow[]>(
      `select ${deliverySelection} from delivery where delivery_id = $1`,
      [deliveryId],
    );
    return rows.map(deliveryFrom)[0];
  }

  override replay(deliveryId: string, by: Person): Promise<boolean> {
    return this.dataSource.transaction(async (manager) => {
      const rows = await manager
        .query<{ deliveryId: string }[]>(
          `update delivery d set ${replayed('$2')} where d.delivery_id = $1
            and exists (select from endpoint e where e.endpoint_id = d.endpoint_id and e.deleted_at is null)
            returning d.delivery_id "deliveryId"`,
          [deliveryId, by.subject],
        )
        .then(rowsOf);
      if (rows.length > 0) await this.note(manager, by, 'delivery', deliveryId);
      return rows.length > 0;
    });
  }

  override replayPeriod(
    team: string,
    endpointId: string,
    { from, to }: { readonly from: Date; readonly to: Date },
    by: Person,
    limit: number,
  ): Promise<number> {
    return this.dataSource.transaction(async (manager) => {
      const rows = await manager.query<unknown[]>(
        `with heard as (
          select s.* from loop_history s join endpoint e on e.endpoint_id = $1 and e.team = $2 and e.deleted_at is null
            where s.at >= $3 and s.at < $4 and ${wants('e', 's')} and (s.team = e.team or ${teamBefore('s')} = e.team)
            order by s.at, s.loop_id, s.version limit $5::int
        )
        insert into delivery as d (${deliveryColumns}, log)
          select ${deliveryOf('e', 'h')}, ${replayEntry('$6')} from heard h join endpoint e on e.endpoint_id = $1
            order by h.loop_id, h.version
          on conflict (delivery_id) do update set ${replayed('$6')}
          returning d.delivery_id`,
        [endpointId, team, from, to, limit, by.subject],
      );
      const period = { from: from.toISOString(), to: to.toISOString() };
      await this.note(manager, by, 'endpoint', endpointId, { ...period, deliveries: rows.length });
      return rows.length;
    });
  }

  private note(
    manager: EntityManager,
    { subject, roles }: Person,
    kind: 'delivery' | 'endpoint',
    id: string,
    after?: AuditFacts,
  ): Promise<void> {
    return this.audit.append(manager, {
      ...{ actor: { kind: 'person', subject, roles }, action: `${kind}.replayed`, resource: { kind, id } },
      ...(after && { after }),
    });
  }

  override async receiver(team: string, endpointId: string): Promise<Receiver | undefined> {
    const [receiver] = await this.receiversOf(this.dataSource.manager, [endpointId]);
    return receiver?.team === team ? receiver : undefined;
  }
}

/** The driver's answer to an update that returns rows. */
const rowsOf = <T>(answer: T[] | [T[], number]): T[] => (Array.isArray(answer[0]) ? answer[0] : (answer as T[]));

const replayEntry = (actor: string): string =>
  `jsonb_build_array(jsonb_build_object('at', to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'replayedBy', ${actor}::text))`;

/** What is sent again is as new: tried until done, under the id that it has. */
const replayed = (actor: string): string => `state = 'pending', lease = null, settled_at = null,
  due_at = clock_timestamp(), give_up_at = clock_timestamp() + interval '3 days',
  log = case when jsonb_array_length(d.log) < ${logLimit} then d.log else d.log - 0 end || ${replayEntry(actor)}`;

interface DeliveryRow extends Omit<Delivery, 'dueAt' | 'settledAt' | 'log'> {
  readonly dueAt: Date;
  readonly settledAt: Date | null;
  readonly log: DeliveryAttempt[];
}

const deliverySelection = `delivery_id "deliveryId", endpoint_id "endpointId", team, about, loop_id "loopId", version, state,
  created_at "createdAt", due_at "dueAt", give_up_at "giveUpAt", settled_at "settledAt", attempts, log`;

const deliveryFrom = ({ dueAt, settledAt, ...row }: DeliveryRow): Delivery => ({
  ...row,
  ...(row.state === 'pending' && { dueAt }),
  ...(settledAt && { settledAt }),
});
