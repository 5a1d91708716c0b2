import { type DataSource } from 'typeorm';
import { type OutboxRow } from './wire.js';

/** As long as a topic would have kept them. */
const keptDays = 7;

/** Events of the outbox that wait beside it for their topic; they keep their ids, and with them their order. */
export class ParkedEvents {
  constructor(private readonly dataSource: DataSource) {}

  /** How many of a shard wait for each topic. What a topic would no longer keep is deleted. */
  async of(shard: number): Promise<Map<string, number>> {
    const rows = await this.dataSource.query<{ topic: string; count: number }[]>(
      'select topic, count(*)::int as count from outbox_parked where shard = $1 group by topic',
      [shard],
    );
    if (rows.length > 0) {
      await this.dataSource.query(
        `delete from outbox_parked where shard = $1 and parked_at < clock_timestamp() - $2::int * interval '1 day'`,
        [shard, keptDays],
      );
    }
    return new Map(rows.map(({ topic, count }) => [topic, count]));
  }

  async park(shard: number, ids: readonly string[]): Promise<void> {
    await this.dataSource.query(
      `with taken as (
         delete from outbox where shard = $1 and id = any($2::bigint[]) returning shard, id, topic, key, headers, value
       )
       insert into outbox_parked (shard, id, topic, key, headers, value) select * from taken on conflict do nothing`,
      [shard, ids],
    );
  }

  async first(shard: number, topic: string): Promise<OutboxRow | undefined> {
    const [row] = await this.dataSource.query<OutboxRow[]>(
      `select id, topic, key, headers, value from outbox_parked where shard = $1 and topic = $2 order by id limit 1`,
      [shard, topic],
    );
    return row;
  }

  /** Back into the outbox, where they come before whatever was appended since. */
  async release(shard: number, topic: string): Promise<void> {
    await this.dataSource.query(
      `with taken as (
         delete from outbox_parked where shard = $1 and topic = $2 returning shard, id, topic, key, headers, value
       )
       insert into outbox (shard, id, topic, key, headers, value) select * from taken on conflict do nothing`,
      [shard, topic],
    );
  }
}
