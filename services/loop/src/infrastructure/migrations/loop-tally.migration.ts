import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Loops by team and state: counted as they move, since counting the table takes longer the more there are. */
export class LoopTally1764500100000 implements MigrationInterface {
  readonly name = 'LoopTally1764500100000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table loop_tally (
        team text not null,
        state text not null,
        slot smallint not null,
        count bigint not null,
        primary key (team, state, slot)
      ) with (fillfactor = 50);
      comment on table loop_tally is 'counts of loops; the sum over the slots is the count, each connection writes to one slot';
      insert into loop_tally (team, state, slot, count) select team, state, 0, count(*) from loop group by team, state;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table loop_tally');
  }
}
