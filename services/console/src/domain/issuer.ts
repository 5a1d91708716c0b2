/** Where a person is on the way to the issuer and back: sealed in a cookie meanwhile. */
export interface SignInAttempt {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  readonly returnTo: string;
}

/** What the issuer gave a person. */
export interface IssuedTokens {
  readonly token: string;
  readonly refreshToken?: string;
  readonly idToken?: string;
}

/** The issuer did not let the person in, or this is not the way back from it. */
export class SignInRefused extends Error {
  override readonly name = 'SignInRefused';
}

/** Where people sign in: OpenID Connect, authorization code with PKCE. */
export abstract class Issuer {
  /** Where the browser is sent to. */
  abstract begin(returnTo: string): Promise<{ readonly url: string; readonly attempt: SignInAttempt }>;
  /** @param callback the whole address that the issuer sent the browser back to @throws SignInRefused */
  abstract finish(callback: URL, attempt: SignInAttempt): Promise<IssuedTokens>;
  /** @throws SignInRefused where the person is to sign in again */
  abstract renew(refreshToken: string): Promise<IssuedTokens>;
  /** Where the issuer ends its own session; undefined where it has no such place. */
  abstract endUrl(idToken: string): Promise<string | undefined>;
}
