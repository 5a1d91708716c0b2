import type { Principal } from '@closeloop/platform';

/** Who is written down as having changed something: the token's subject, or the key's id. */
export const actorOf = (principal: Principal): string =>
  principal.kind === 'person' ? principal.subject : principal.keyId;
