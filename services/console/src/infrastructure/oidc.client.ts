import { Injectable, Logger } from '@nestjs/common';
import * as client from 'openid-client';
import { ConsoleConfig } from '../console.config.js';
import { Issuer, SignInRefused, type IssuedTokens, type SignInAttempt } from '../domain/issuer.js';

const timeoutSeconds = 10;

/** The issuer of OIDC_ISSUER, found by its discovery document when it is first needed. */
@Injectable()
export class OidcClient extends Issuer {
  readonly #logger = new Logger('Oidc');
  #found: Promise<client.Configuration> | undefined;

  constructor(private readonly config: ConsoleConfig) {
    super();
  }

  override async begin(returnTo: string): Promise<{ url: string; attempt: SignInAttempt }> {
    const issuer = await this.#issuer();
    const attempt = {
      state: client.randomState(),
      nonce: client.randomNonce(),
      codeVerifier: client.randomPKCECodeVerifier(),
      returnTo,
    };
    const url = client.buildAuthorizationUrl(issuer, {
      redirect_uri: this.#redirectUri,
      scope: this.config.oidcScope,
      state: attempt.state,
      nonce: attempt.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(attempt.codeVerifier),
      code_challenge_method: 'S256',
      ...this.#resource,
    });
    return { url: url.href, attempt };
  }

  override async finish(callback: URL, { state, nonce, codeVerifier }: SignInAttempt): Promise<IssuedTokens> {
    const issuer = await this.#issuer();
    return this.#tokensOf(
      // behind a proxy we are asked by another address than the browser was sent to
      client.authorizationCodeGrant(
        issuer,
        new URL(callback.search, this.#redirectUri),
        { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: codeVerifier },
        this.#resource,
      ),
    );
  }

  override async renew(refreshToken: string): Promise<IssuedTokens> {
    const issuer = await this.#issuer();
    const renewed = await this.#tokensOf(client.refreshTokenGrant(issuer, refreshToken, this.#resource));
    return { ...renewed, refreshToken: renewed.refreshToken ?? refreshToken };
  }

  override async endUrl(idToken: string): Promise<string | undefined> {
    const issuer = await this.#issuer();
    if (!issuer.serverMetadata().end_session_endpoint) return undefined;
    return client.buildEndSessionUrl(issuer, {
      id_token_hint: idToken,
      post_logout_redirect_uri: new URL('/sign-in', this.config.publicUrl).href,
    }).href;
  }

  get #redirectUri(): string {
    return new URL('/sign-in/callback', this.config.publicUrl).href;
  }

  get #resource(): Record<string, string> {
    return this.config.oidcResource === undefined ? {} : { resource: this.config.oidcResource };
  }

  async #tokensOf(grant: Promise<client.TokenEndpointResponse>): Promise<IssuedTokens> {
    try {
      const { access_token, refresh_token, id_token } = await grant;
      return {
        token: access_token,
        ...(refresh_token !== undefined && { refreshToken: refresh_token }),
        ...(id_token !== undefined && { idToken: id_token }),
      };
    } catch (error) {
      if (
        error instanceof client.AuthorizationResponseError ||
        error instanceof client.ResponseBodyError ||
        error instanceof client.ClientError
      ) {
        this.#logger.warn(`The issuer let nobody in: ${error.code ?? error.name}: ${error.message}`);
        throw new SignInRefused(error.message, { cause: error });
      }
      throw error;
    }
  }

  #issuer(): Promise<client.Configuration> {
    const { oidcIssuer, oidcClientId, oidcClientSecret } = this.config;
    if (oidcIssuer === undefined || oidcClientId === undefined) {
      throw new Error('OIDC_ISSUER and CONSOLE_OIDC_CLIENT_ID are not both set');
    }
    if (this.#found === undefined) {
      const finding = client.discovery(new URL(oidcIssuer), oidcClientId, oidcClientSecret, undefined, {
        timeout: timeoutSeconds,
        // production trusts no issuer without https: TokenVerifier refuses to start then
        ...(oidcIssuer.startsWith('http:') && { execute: [client.allowInsecureRequests] }),
      });
      this.#found = finding;
      finding.catch(() => {
        if (this.#found === finding) this.#found = undefined;
      });
    }
    return this.#found;
  }
}
