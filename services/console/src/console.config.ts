import { FromEnv } from '@closeloop/platform';
import { ArrayMinSize, IsBoolean, IsInt, IsOptional, IsString, IsUrl, Max, Min, MinLength } from 'class-validator';

const webAddress = { protocols: ['http', 'https'], require_protocol: true, require_tld: false };

export class ConsoleConfig {
  /** Where people's browsers find it. Over https cookies are sent over https only. */
  @FromEnv('CONSOLE_PUBLIC_URL')
  @IsUrl(webAddress)
  publicUrl: string = 'http://127.0.0.1:4600';

  /**
   * What sessions are sealed with, each of 32 characters or more, by commas: the first seals, all of them open. To rotate, put a new
   * one in front, and take the old one out when its sessions are over.
   */
  @FromEnv('CONSOLE_SESSION_SECRET')
  @ArrayMinSize(1)
  @IsString({ each: true })
  @MinLength(32, { each: true })
  sessionSecrets: string[] = [];

  /** Hours after which people sign in again, whatever their token says. */
  @FromEnv('CONSOLE_SESSION_HOURS')
  @IsInt()
  @Min(1)
  @Max(720)
  sessionHours: number = 12;

  /** Whether a person's token buys a one-time link to sign in by; default: not in production. */
  @FromEnv('CONSOLE_SIGN_IN_LINKS')
  @IsOptional()
  @IsBoolean()
  signInLinks?: boolean;

  /** For how long such a link works, minutes. */
  @FromEnv('CONSOLE_SIGN_IN_LINK_MINUTES')
  @IsInt()
  @Min(1)
  @Max(1_440)
  signInLinkMinutes: number = 60;

  /** The client that the console is to OIDC_ISSUER: people sign in there. */
  @FromEnv('CONSOLE_OIDC_CLIENT_ID')
  @IsOptional()
  @IsString()
  oidcClientId?: string;

  /** Of a confidential client; without it the client is a public one, which PKCE protects. */
  @FromEnv('CONSOLE_OIDC_CLIENT_SECRET')
  @IsOptional()
  @IsString()
  oidcClientSecret?: string;

  /** Must bring a token that the services take: its audience is OIDC_AUDIENCE, and it has the roles and teams. */
  @FromEnv('CONSOLE_OIDC_SCOPE')
  @IsString()
  oidcScope: string = 'openid profile offline_access';

  /** Asked for as `resource` (RFC 8707), where the issuer needs it to make a JWT for the services. */
  @FromEnv('CONSOLE_OIDC_RESOURCE')
  @IsOptional()
  @IsString()
  oidcResource?: string;

  @FromEnv('OIDC_ISSUER')
  @IsOptional()
  @IsUrl(webAddress)
  oidcIssuer?: string;

  /** Seconds that a service has until it begins to answer. */
  @FromEnv('CONSOLE_SERVICE_TIMEOUT_SECONDS')
  @IsInt()
  @Min(1)
  @Max(600)
  serviceTimeoutSeconds: number = 30;

  /** The built page; default: where the build puts it. */
  @FromEnv('CONSOLE_WEB_FOLDER')
  @IsOptional()
  @IsString()
  webFolder?: string;

  @FromEnv('INGESTION_URL')
  @IsUrl(webAddress)
  ingestionUrl: string = 'http://127.0.0.1:4601';

  /** Where connectors find ingestion, as the page tells it; INGESTION_URL unless it is another. */
  @FromEnv('INGESTION_PUBLIC_URL')
  @IsOptional()
  @IsUrl(webAddress)
  ingestionPublicUrl?: string;

  @FromEnv('SENTIMENT_URL')
  @IsUrl(webAddress)
  sentimentUrl: string = 'http://127.0.0.1:4602';

  @FromEnv('ROUTING_URL')
  @IsUrl(webAddress)
  routingUrl: string = 'http://127.0.0.1:4603';

  @FromEnv('LOOP_URL')
  @IsUrl(webAddress)
  loopUrl: string = 'http://127.0.0.1:4604';

  @FromEnv('LEARNING_URL')
  @IsUrl(webAddress)
  learningUrl: string = 'http://127.0.0.1:4605';

  @FromEnv('REHEARSAL_URL')
  @IsUrl(webAddress)
  rehearsalUrl: string = 'http://127.0.0.1:4606';

  @FromEnv('INSIGHTS_URL')
  @IsUrl(webAddress)
  insightsUrl: string = 'http://127.0.0.1:4607';

  @FromEnv('NODE_ENV')
  @IsOptional()
  @IsString()
  mode?: string;

  get takesSignInLinks(): boolean {
    return this.signInLinks ?? this.mode !== 'production';
  }

  get isSecure(): boolean {
    return new URL(this.publicUrl).protocol === 'https:';
  }
}
