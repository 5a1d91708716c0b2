import { type Principal, Problem } from '@closeloop/platform';

export type ConnectorPrincipal = Extract<Principal, { kind: 'connector' }>;

/** The connector that asks; the guard has let nobody else in on these routes. */
export function connectorOf(principal: Principal): ConnectorPrincipal {
  if (principal.kind !== 'connector')
    throw new Problem('forbidden', 'Only a connector, with its API key, may do this.');
  return principal;
}
