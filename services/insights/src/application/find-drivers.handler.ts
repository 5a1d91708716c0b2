import { Injectable } from '@nestjs/common';
import { DriverStore, type DriverQuestion, type ScoredFeedback } from '../domain/drivers/driver-store.js';
import { findDrivers, type Drivers } from '../domain/drivers/drivers.js';

/** What topics go with better or worse scores, in the feedback that is asked about. */
@Injectable()
export class FindDrivers {
  constructor(private readonly store: DriverStore) {}

  async handle(question: DriverQuestion): Promise<Drivers & Pick<ScoredFeedback, 'share'>> {
    const { cells, share } = await this.store.cells(question);
    return { ...findDrivers(question.outcome, cells), share };
  }
}
