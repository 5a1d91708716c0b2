/** Somebody who is signed in, as it lies sealed in the browser's cookie. */
export interface Session {
  readonly subject: string;
  readonly name?: string;
  readonly roles: readonly string[];
  readonly teams: readonly string[];
  /** What the services know the person by */
  readonly token: string;
  /** When the token is over, seconds since 1970 */
  readonly tokenExpires: number;
  /** Brings the next token, where the issuer gave one */
  readonly refreshToken?: string;
  /** For the issuer, when the person signs out */
  readonly idToken?: string;
  /** Said again by every request that changes something: another site's page cannot know it */
  readonly csrf: string;
  /** When the session is over whatever is renewed in it, seconds since 1970 */
  readonly expires: number;
}

/** How long before its end a token is renewed, seconds. */
const renewedBefore = 60;

/** What is to be done with a session before it is used at that second. */
export function fateOf(session: Session, now: number): 'good' | 'renew' | 'over' {
  if (now >= session.expires) return 'over';
  if (session.refreshToken !== undefined && now >= session.tokenExpires - renewedBefore) return 'renew';
  return now >= session.tokenExpires ? 'over' : 'good';
}

/** Until when the cookie is kept, seconds since 1970. */
export const endOf = ({ expires, tokenExpires, refreshToken }: Session): number =>
  refreshToken === undefined ? Math.min(expires, tokenExpires) : expires;
