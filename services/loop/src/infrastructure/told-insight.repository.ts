import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { insightChange } from '../domain/endpoint.js';
import { ToldInsightStore, type ToldInsight } from '../domain/told-insight.js';
import { ringBell } from './delivery-bell.js';
import { deliveryColumns, deliveryOf } from './delivery.statement.js';

@Injectable()
export class ToldInsightRepository extends ToldInsightStore {
  constructor(private readonly dataSource: DataSource) {
    super();
  }

  override async keep(
    transaction: object,
    told: readonly { readonly team: string; readonly insight: ToldInsight }[],
  ): Promise<void> {
    if (told.length === 0) return;
    const manager = transaction as EntityManager;
    await manager.query(
      `with kept as (
        insert into insight_told (insight_id, version, team, at, body)
          select * from unnest($1::uuid[], $2::int[], $3::text[], $4::timestamptz[], $5::json[])
          on conflict do nothing
          returning insight_id as loop_id, version, team
      )
      insert into delivery (${deliveryColumns}, about)
        select ${deliveryOf('e', 'k')}, 'insight' from kept k join endpoint e on e.team = k.team
          where e.deleted_at is null and (e.changes is null or $6 = any(e.changes))
        on conflict do nothing`,
      [
        told.map(({ insight }) => insight.insightId),
        told.map(({ insight }) => insight.version),
        told.map(({ team }) => team),
        told.map(({ insight }) => insight.at),
        told.map(({ insight }) => JSON.stringify(insight)),
        insightChange,
      ],
    );
    ringBell(this.dataSource);
  }
}

/** Insights as teams are told of them, by `<insightId>/<version>`. */
export async function insightsTold(
  manager: EntityManager,
  keys: readonly { readonly loopId: string; readonly version: number }[],
): Promise<Map<string, ToldInsight>> {
  if (keys.length === 0) return new Map();
  const rows = await manager.query<{ body: ToldInsight }[]>(
    `select t.body from unnest($1::uuid[], $2::int[]) k(insight_id, version) join insight_told t using (insight_id, version)`,
    [keys.map(({ loopId }) => loopId), keys.map(({ version }) => version)],
  );
  return new Map(rows.map(({ body }) => [`${body.insightId}/${body.version}`, body]));
}
