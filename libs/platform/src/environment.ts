/** The variables a service is configured by: `process.env` in production, an object of the spec's own in tests. */
export type Env = Readonly<Record<string, string | undefined>>;

/** Injection token of the {@link Env} the service was started with. */
export const ENVIRONMENT = Symbol('ENVIRONMENT');

/** Injection token of the service's short name, for example `ingestion`. */
export const SERVICE_NAME = Symbol('SERVICE_NAME');

/** Injection token of the `CustomTransportStrategy` that brings events in; optional, connected at start when a module provides it. */
export const SERVICE_TRANSPORT = Symbol('SERVICE_TRANSPORT');

/** Prefix of the variables that belong to one service: `loop` → `LOOP`. */
export function variablePrefixOf(service: string): string {
  return service.toUpperCase().replace(/[^A-Z0-9]/g, '_');
}
