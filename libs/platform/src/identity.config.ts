import { IsInt, IsOptional, IsString, IsUrl, Max, Min } from 'class-validator';

import { FromEnv } from './configuration.js';

const WEB_ADDRESS = { protocols: ['http', 'https'], require_protocol: true, require_tld: false };

/** Whose tokens name the people. */
export class IdentityConfig {
  /** The issuer exactly as it stands in `iss`. Unset: people are refused. */
  @FromEnv('OIDC_ISSUER')
  @IsOptional()
  @IsUrl(WEB_ADDRESS)
  issuer?: string;

  @FromEnv('OIDC_AUDIENCE')
  @IsString()
  audience: string = 'closeloop';

  /** Where the issuer's keys are; unset: found by `<issuer>/.well-known/openid-configuration`. */
  @FromEnv('OIDC_JWKS_URI')
  @IsOptional()
  @IsUrl(WEB_ADDRESS)
  jwksUri?: string;

  /** A claim's name, or a path to it with dots (`realm_access.roles`). */
  @FromEnv('OIDC_ROLES_CLAIM')
  @IsString()
  rolesClaim: string = 'roles';

  @FromEnv('OIDC_TEAMS_CLAIM')
  @IsString()
  teamsClaim: string = 'teams';

  @FromEnv('OIDC_CLOCK_TOLERANCE_SECONDS')
  @IsInt()
  @Min(0)
  @Max(300)
  clockToleranceSeconds: number = 30;

  @FromEnv('NODE_ENV')
  @IsOptional()
  @IsString()
  mode?: string;
}
