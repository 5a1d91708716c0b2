import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { LoopTeam, SettledPlace } from '../domain/whose.js';
import { WhoseStore } from '../domain/whose-store.js';

@Injectable()
export class WhoseRepository extends WhoseStore {
  constructor(private readonly dataSource: DataSource) {
    super();
  }

  override async note(
    transaction: object,
    { loops, places }: { readonly loops: readonly LoopTeam[]; readonly places: readonly SettledPlace[] },
  ): Promise<void> {
    if (loops.length === 0 && places.length === 0) return;
    // Each in the order of their ids, as whoever else locks them. A loop that was forgotten with its feedback does not come back by a step.
    await (transaction as EntityManager).query(
      `with loops as (
         insert into known_loop as known (loop_id, version, team)
         select "loopId", version, team
         from json_to_recordset($1) as given ("loopId" uuid, version int, team text, gains boolean)
         where gains or exists (select from known_loop there where there.loop_id = given."loopId")
         order by "loopId"
         on conflict (loop_id) do update set version = excluded.version, team = excluded.team
         where excluded.version > known.version
       )
       insert into feedback_place as known (feedback_id, settlement, loop_id, team)
       select "feedbackId", settlement, "loopId", team
       from json_to_recordset($2) as given ("feedbackId" uuid, settlement int, "loopId" uuid, team text)
       order by "feedbackId"
       on conflict (feedback_id) do update set settlement = excluded.settlement, loop_id = excluded.loop_id, team = excluded.team
       where excluded.settlement > known.settlement`,
      [JSON.stringify(loops), JSON.stringify(places)],
    );
  }

  override async teamOf(feedbackId: string): Promise<string | undefined> {
    const [row] = await this.dataSource.query<{ team: string | null }[]>(
      `select coalesce(known_loop.team, feedback_place.team) as team
       from feedback_place left join known_loop using (loop_id) where feedback_id = $1`,
      [feedbackId],
    );
    return row?.team ?? undefined;
  }
}
