import { type Backend } from './allowed-routes.js';

export interface ServiceRequest {
  readonly address: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: AsyncIterable<Uint8Array>;
  /** Aborted when nobody waits for the answer any more */
  readonly signal: AbortSignal;
}

/** A service does not listen, or hung up. */
export class ServiceAway extends Error {
  override readonly name = 'ServiceAway';
}

/** A service did not begin to answer in time. */
export class ServiceLate extends Error {
  override readonly name = 'ServiceLate';
}

/** The services behind the console. */
export abstract class ServiceGateway {
  abstract urlOf(backend: Backend): string;
  /**
   * The answer once its headers are there; its body may last for hours.
   * @throws ServiceAway, ServiceLate, the signal's reason, what the body throws
   */
  abstract ask(request: ServiceRequest): Promise<Response>;
}
