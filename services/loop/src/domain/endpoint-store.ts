import { type Person } from './permission.js';
import { type Digest, type Endpoint, type EndpointKind } from './endpoint.js';

export interface NewEndpoint {
  readonly team: string;
  readonly kind: EndpointKind;
  /** Of Slack: the whole of it, to be kept as a secret */
  readonly url?: string;
  readonly addresses?: readonly string[];
  readonly changes: readonly string[];
  readonly digest?: Digest;
  readonly paused: boolean;
  /** Of a webhook: what signs */
  readonly key?: Uint8Array;
}

/** What is given is changed; a digest of null: none any more. */
export interface EndpointChange {
  readonly url?: string;
  readonly addresses?: readonly string[];
  readonly changes?: readonly string[];
  readonly digest?: Digest | null;
  /** false: goes on, and forgets what failed */
  readonly paused?: boolean;
}

/** Of one team each; what another team has is not there. What somebody changes is in the audit log. */
export abstract class EndpointStore {
  /** @throws Problem `forbidden` where a secret could not be kept encrypted and has to be */
  abstract add(endpoint: NewEndpoint, by: Person): Promise<Endpoint>;
  abstract of(team: string): Promise<Endpoint[]>;
  abstract one(team: string, endpointId: string): Promise<Endpoint | undefined>;
  abstract change(team: string, endpointId: string, change: EndpointChange, by: Person): Promise<Endpoint | undefined>;
  /** What it was still to hear is given up. @returns whether it was there */
  abstract remove(team: string, endpointId: string, by: Person): Promise<boolean>;
  /** The secrets before it sign beside it for so long. */
  abstract rotate(
    team: string,
    endpointId: string,
    key: Uint8Array,
    overlapHours: number,
    by: Person,
  ): Promise<Endpoint | undefined>;
}
