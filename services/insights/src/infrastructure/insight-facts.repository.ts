import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InsightFacts, type InsightFact } from '../domain/insight-facts.js';
import { isAnswered } from '../domain/insight.js';
import { InsightEntity, insightOf } from './insight.entity.js';

@Injectable()
export class InsightFactsRepository extends InsightFacts {
  constructor(private readonly dataSource: DataSource) {
    super();
  }

  override async raisedBetween(from: Date, to: Date): Promise<InsightFact[]> {
    const rows = await this.dataSource.manager
      .createQueryBuilder(InsightEntity, 'insight')
      .where('insight.raisedAt >= :from and insight.raisedAt < :to', { from, to })
      .orderBy('insight.raisedAt')
      .addOrderBy('insight.insightId')
      .getMany();
    return rows.map((row) => {
      const insight = insightOf(row);
      const { insightId, raisedAt, state, team, about, evidence, answeredAt, improvingAt } = insight;
      const isOver = state === 'declined' || state === 'merged';
      return {
        ...{ insightId, raisedAt, state, team, about, answered: isAnswered(insight) },
        since: evidence.since ?? raisedAt,
        ...(improvingAt && { improvingAt }),
        ...(isOver && answeredAt && { endedAt: answeredAt }),
      };
    });
  }
}
