import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Fallback } from '../domain/fallback.js';
import { FallbackStore, type LearnedFallbacks } from '../domain/fallback.store.js';

@Injectable()
export class FallbackRepository extends FallbackStore {
  constructor(private readonly dataSource: DataSource) {
    super();
  }

  override async latest(): Promise<LearnedFallbacks> {
    // One statement, so that the version is that of the rows.
    const [row] = await this.dataSource.query<
      { version: number; learned_at: Date | null; fallbacks: Fallback[] | null }[]
    >(
      `select version, learned_at, (
         select json_agg(json_build_object('topic', topic, 'team', team, 'n', n, 'toTeam', to_team, 'confidence', confidence)
           order by topic)
         from fallback join team on name = team
       ) fallbacks from fallback_version`,
    );
    const { version, learned_at, fallbacks } = row!;
    return { version, ...(learned_at && { learnedAt: learned_at }), fallbacks: fallbacks ?? [] };
  }
}
