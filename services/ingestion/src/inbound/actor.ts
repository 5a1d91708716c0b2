import { type Principal } from '@closeloop/platform';

/** Who did it, as the audit table names them. */
export const actorOf = (principal: Principal): string =>
  principal.kind === 'person' ? `person:${principal.subject}` : `api-key:${principal.keyId}`;
