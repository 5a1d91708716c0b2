import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CustomerStore, type CustomersHistory, type ToldImprovement } from '../domain/customer.js';
import { columnsAs, factOf, type FeedbackRow } from './fact.columns.js';
import { liveSchema } from './model-tables.js';
import { stepColumns, stepOf, type StepRow } from './step.columns.js';

@Injectable()
export class CustomerRepository extends CustomerStore {
  constructor(private readonly dataSource: DataSource) {
    super();
  }

  override async history(customerIds: readonly string[], limit: number): Promise<CustomersHistory> {
    const rows = await this.dataSource.query<
      (FeedbackRow & {
        excerpt: string | null;
        order_id: string | null;
        order_value: number | null;
        order_currency: string | null;
        loop_id: string | null;
      })[]
    >(
      `select ${columnsAs('fact')}, words.excerpt, words.order_id, words.order_value, words.order_currency, place.loop_id
       from ${liveSchema}.feedback_fact fact
       left join ${liveSchema}.feedback_words words on words.feedback_id = fact.feedback_id
       left join ${liveSchema}.feedback_place place on place.feedback_id = fact.feedback_id
       where fact.customer = any($1::uuid[]) and not fact.deleted
       order by fact.at desc, fact.feedback_id desc limit $2`,
      [customerIds, limit],
    );
    const loopIds = [...new Set(rows.flatMap(({ loop_id }) => loop_id ?? []))];
    const steps =
      loopIds.length === 0
        ? []
        : await this.dataSource.query<StepRow[]>(
            `select ${stepColumns} from ${liveSchema}.loop_step where loop_id = any($1::uuid[]) order by loop_id, version`,
            [loopIds],
          );
    const told = await this.dataSource.query<ToldImprovement[]>(
      `select improvement_id "improvementId", loop_id "loopId", settled_at "at", title
       from notice join improvement using (improvement_id) where loop_id = any($1::uuid[]) and notice.state = 'sent'`,
      [loopIds],
    );
    return {
      told,
      feedback: rows.map((row) => {
        const { order_id: id, order_value: value, order_currency: currency } = row;
        const order = {
          ...(id !== null && { id }),
          ...(value !== null && { value }),
          ...(currency !== null && { currency }),
        };
        return {
          ...{ fact: factOf(row), excerpt: row.excerpt, loopId: row.loop_id },
          ...((id !== null || value !== null) && { order }),
        };
      }),
      steps: steps.map(stepOf),
    };
  }
}
