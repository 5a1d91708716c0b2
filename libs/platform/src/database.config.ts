import { IsBoolean, IsInt, IsOptional, IsString, Max, Min } from 'class-validator';

import { FromEnv } from './configuration.js';

/** How a service talks to its database; where it is: `databaseUrlOf`. */
export class DatabaseConfig {
  /** TLS with a checked certificate. Unset: what `sslmode` in the URL says. */
  @FromEnv('DATABASE_SSL')
  @IsOptional()
  @IsBoolean()
  ssl?: boolean;

  /** PEM of the authority that signed the server's certificate; the file is named by DATABASE_SSL_CA_FILE. */
  @FromEnv('DATABASE_SSL_CA')
  @IsOptional()
  @IsString()
  sslCa?: string;

  @FromEnv('DATABASE_POOL_SIZE')
  @IsInt()
  @Min(2)
  @Max(500)
  poolSize: number = 10;

  /**
   * Whether the server keeps statements that transactions repeat, parsed and planned, for each connection. Not behind a pooler that gives each
   * transaction another connection and does not keep them itself (PgBouncer before 1.21).
   */
  @FromEnv('DATABASE_KEEP_STATEMENTS')
  @IsBoolean()
  keepStatements: boolean = true;

  /** Seconds to wait for a connection, a free one in the pool included. */
  @FromEnv('DATABASE_CONNECT_TIMEOUT_SECONDS')
  @IsInt()
  @Min(1)
  connectTimeoutSeconds: number = 5;

  @FromEnv('DATABASE_STATEMENT_TIMEOUT_SECONDS')
  @IsInt()
  @Min(1)
  statementTimeoutSeconds: number = 30;

  @FromEnv('DATABASE_LOCK_TIMEOUT_SECONDS')
  @IsInt()
  @Min(1)
  lockTimeoutSeconds: number = 10;

  /** Seconds an open transaction may do nothing; effects set a shorter one of their own. */
  @FromEnv('DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_SECONDS')
  @IsInt()
  @Min(1)
  idleInTransactionTimeoutSeconds: number = 15;

  /** Seconds that a start waits for a server that cannot be reached, before it gives up. */
  @FromEnv('DATABASE_START_TIMEOUT_SECONDS')
  @IsInt()
  @Min(0)
  startTimeoutSeconds: number = 60;
}
