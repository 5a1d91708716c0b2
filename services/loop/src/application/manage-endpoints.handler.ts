import { randomBytes } from 'node:crypto';
import { deriveId, type TeamInbox } from '@closeloop/contracts';
import { invalid, Problem } from '@closeloop/platform';
import { Injectable } from '@nestjs/common';
import { type Answer, secretOfKey } from '../domain/delivery.js';
import { Courier } from '../domain/courier.js';
import { DeliveryStore } from '../domain/delivery-store.js';
import { type Endpoint } from '../domain/endpoint.js';
import { type Person } from '../domain/permission.js';
import { EndpointStore, type EndpointChange, type NewEndpoint } from '../domain/endpoint-store.js';
import { DeliverToTeams } from './deliver-to-teams.handler.js';

/** Bytes of a key that we draw. */
const keyBytes = 32;

/** An endpoint with the secret that was drawn just now; it is not shown again. */
export type EndpointWithSecret = Endpoint & { readonly secret?: string };

/** Where teams hear of their loops: made, changed and tried. Receivers are asked before, never within, a transaction. */
@Injectable()
export class ManageEndpoints {
  constructor(
    private readonly endpoints: EndpointStore,
    private readonly deliveries: DeliveryStore,
    private readonly deliver: DeliverToTeams,
    private readonly courier: Courier,
  ) {}

  of(team: string): Promise<Endpoint[]> {
    return this.endpoints.of(team);
  }

  one(team: string, endpointId: string): Promise<Endpoint | undefined> {
    return this.endpoints.one(team, endpointId);
  }

  async add(given: Omit<NewEndpoint, 'key'>, by: Person): Promise<EndpointWithSecret> {
    if (given.kind === 'email' && !this.courier.sendsMail) {
      throw new Problem('forbidden', 'This installation sends no mail: SMTP_URL is not set.');
    }
    if (given.url !== undefined) await this.assertReachable(given.url);
    if (given.kind !== 'webhook') return this.endpoints.add(given, by);
    const key = randomBytes(keyBytes);
    return { ...(await this.endpoints.add({ ...given, key }, by)), secret: secretOfKey(key) };
  }

  async change(team: string, endpointId: string, change: EndpointChange, by: Person): Promise<Endpoint | undefined> {
    if (change.url !== undefined) await this.assertReachable(change.url);
    return this.endpoints.change(team, endpointId, change, by);
  }

  remove(team: string, endpointId: string, by: Person): Promise<boolean> {
    return this.endpoints.remove(team, endpointId, by);
  }

  async rotate(
    team: string,
    endpointId: string,
    overlapHours: number,
    by: Person,
  ): Promise<EndpointWithSecret | undefined> {
    const key = randomBytes(keyBytes);
    const endpoint = await this.endpoints.rotate(team, endpointId, key, overlapHours, by);
    return endpoint && { ...endpoint, secret: secretOfKey(key) };
  }

  /** Sends a sample, whether it is paused or not. */
  async test(team: string, endpointId: string, actor: string, now: Date): Promise<Answer | undefined> {
    const receiver = await this.deliveries.receiver(team, endpointId);
    return (
      receiver &&
      this.deliver.sample(receiver, deriveId('sample', endpointId, now.toISOString()), sampleOf(team, actor, now))
    );
  }

  private async assertReachable(url: string): Promise<void> {
    const refusal = await this.courier.refusalOf(url);
    if (refusal) throw invalid('/url', refusal.rule, `url ${refusal.message}`);
  }
}

function sampleOf(team: string, actor: string, now: Date): TeamInbox {
  const at = now.toISOString();
  return {
    ...{ loopId: deriveId('sample', team), version: 1, change: 'opened', at, actor: { kind: 'agent', id: actor } },
    loop: { state: 'opened', cycle: 1, team, priority: 'low' },
    feedback: {
      ...{ feedbackId: deriveId('sample', 'feedback', team), revision: 1, kind: 'created', source: 'closeloop' },
      ...{ channel: 'api', contentHash: '0'.repeat(64), receivedAt: at, historic: false },
      text: 'This is a sample: nobody waits for an answer.',
    },
  };
}
