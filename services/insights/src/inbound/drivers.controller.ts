import { CurrentPrincipal, ForPeople, invalid, type Principal } from '@closeloop/platform';
import { Controller, Get, Query } from '@nestjs/common';
import { FindDrivers } from '../application/find-drivers.handler.js';
import { driverFilters, type DriverFilter } from '../domain/drivers/driver-store.js';
import { driverOutcomes, driverUnits, type DriverOutcome } from '../domain/drivers/drivers.js';
import { oneOf, personOf, questionOf } from './metric-question.js';

/** What topics move NPS, CSAT or ratings: for agents in the feedback of their teams, for managers and admins in all. */
@Controller('v1/drivers')
@ForPeople('agent', 'manager', 'admin')
export class DriversController {
  constructor(private readonly drivers: FindDrivers) {}

  @Get()
  async find(@Query() query: Record<string, unknown>, @CurrentPrincipal() principal: Principal) {
    for (const name of ['by', 'grain', 'clock']) {
      if (query[name] !== undefined) throw invalid(`/${name}`, 'whitelistValidation', `There is no parameter ${name}.`);
    }
    const outcome = outcomeOf(query['outcome']);
    const metric = { name: 'drivers', dimensions: driverFilters };
    const { from, to, filters } = questionOf(query, metric, personOf(principal), ['outcome']);
    const those = filters as ReadonlyMap<DriverFilter, readonly string[]>;
    const found = await this.drivers.handle({ outcome, from, to, filters: those });
    return { outcome, unit: driverUnits[outcome], from, to, ...found };
  }
}

function outcomeOf(value: unknown): DriverOutcome {
  const outcome = oneOf('outcome', value);
  if (driverOutcomes.includes(outcome as DriverOutcome)) return outcome as DriverOutcome;
  throw invalid('/outcome', 'isIn', `outcome is one of ${driverOutcomes.join(', ')}.`);
}
