import { Injectable } from '@nestjs/common';
import { DeliveryStore, type DeliveryFilter } from '../domain/delivery-store.js';
import { type Delivery } from '../domain/delivery.js';
import { mayRead, readableTeams, type Person } from '../domain/permission.js';

/** What was told to whom, and what is said again. */
@Injectable()
export class ReadDeliveries {
  constructor(private readonly store: DeliveryStore) {}

  /** undefined: not this person's team */
  async page(
    person: Person,
    { team, ...filter }: Omit<DeliveryFilter, 'teams'> & { team?: string },
  ): Promise<Delivery[] | undefined> {
    if (team !== undefined && !mayRead(person, { team })) return undefined;
    const teams = team === undefined ? readableTeams(person) : [team];
    return this.store.page({ ...filter, ...(teams && { teams }) });
  }

  /** undefined: there is none that this person may read */
  async one(person: Person, deliveryId: string): Promise<Delivery | undefined> {
    const delivery = await this.store.one(deliveryId);
    return delivery && mayRead(person, delivery) ? delivery : undefined;
  }

  /** Sends it again, under its id. undefined: there is none, or its endpoint is not there any more */
  async replay(person: Person, deliveryId: string): Promise<Delivery | undefined> {
    return (await this.store.replay(deliveryId, person)) ? this.store.one(deliveryId) : undefined;
  }

  /** @returns how many are sent again */
  async replayPeriod(
    person: Person,
    team: string,
    endpointId: string,
    period: { readonly from: Date; readonly to: Date },
    limit: number,
  ): Promise<number> {
    return this.store.replayPeriod(team, endpointId, period, person, limit);
  }
}
