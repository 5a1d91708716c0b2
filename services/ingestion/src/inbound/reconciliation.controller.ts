import { ForPeople, invalid } from '@closeloop/platform';
import { Controller, Get, Query } from '@nestjs/common';
import { countsOf, ReconciliationReader } from '../domain/reconciliation.js';
import { cursorOf, limitOf, partsOf, periodOf, queryOf, uuidPattern } from './query.js';

const maxIds = 100;

/** The ledger row by row, for the loop service to be compared with. */
@Controller('v1/reconciliation')
export class ReconciliationController {
  constructor(private readonly reader: ReconciliationReader) {}

  /** By the order of ids. `counts` are of this page. */
  @Get()
  @ForPeople('manager', 'admin')
  async page(@Query() query: Record<string, unknown>) {
    const { ids, ...asked } = queryOf(query, ['from', 'to', 'cursor', 'limit', 'ids']);
    if (ids !== undefined) {
      if (Object.keys(asked).length > 0) throw invalid('/ids', 'chosen', 'ids stands alone.');
      const rows = await this.reader.rows({ ids: idsOf(ids) });
      return { rows, counts: countsOf(rows) };
    }
    const limit = limitOf(asked.limit, { usual: 1000, most: 1000 });
    const after = asked.cursor === undefined ? undefined : partsOf(asked.cursor, [uuidPattern])[0]!;
    const found = await this.reader.rows({
      // one more tells whether there is a next page
      limit: limit + 1,
      ...periodOf(asked),
      ...(after !== undefined && { after }),
    });
    const rows = found.slice(0, limit);
    const last = rows.at(-1);
    return { rows, counts: countsOf(rows), ...(found.length > limit && last && { cursor: cursorOf(last.feedbackId) }) };
  }
}

function idsOf(text: string): string[] {
  const ids = text.toLowerCase().split(',');
  if (ids.length > maxIds || !ids.every((id) => uuidPattern.test(id)))
    throw invalid('/ids', 'isUuid', `ids are 1 to ${maxIds} ids of feedback, by commas.`);
  return ids;
}
