import { CurrentPrincipal, ForPeople, Problem, type Principal } from '@closeloop/platform';
import { Controller, Get, Param } from '@nestjs/common';
import { ReadCustomer } from '../application/read-customer.handler.js';
import { personOf, teamsOf } from './metric-question.js';

/** One customer, over all channels. */
@Controller('v1/customers')
@ForPeople('agent', 'manager', 'admin')
export class CustomersController {
  constructor(private readonly customers: ReadCustomer) {}

  @Get(':customerKey')
  async read(@Param('customerKey') key: string, @CurrentPrincipal() principal: Principal) {
    const view = await this.customers.handle(key, teamsOf(personOf(principal)));
    if (!view) throw new Problem('not-found', 'Nothing is known of such a customer.');
    return view;
  }
}
