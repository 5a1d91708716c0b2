import { FromEnv } from '@closeloop/platform';
import {
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
} from 'class-validator';

export const saslMechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;

/** Where Kafka is and how to speak to it. Every variable may be given as `<VARIABLE>_FILE` too. */
export class KafkaConfig {
  /** Comma separated `host:port` */
  @FromEnv('KAFKA_BROKERS')
  @IsArray()
  @ArrayMinSize(1)
  @Matches(/^[^\s:]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/, {
    each: true,
    message: 'must be host:port, comma separated',
  })
  brokers!: string[];

  /** Before every topic's and group's name: several environments on one cluster. */
  @FromEnv('KAFKA_TOPIC_PREFIX') @Matches(/^[A-Za-z0-9._-]{0,100}$/) prefix = '';

  @FromEnv('KAFKA_SSL') @IsBoolean() ssl = false;
  /** PEM; KAFKA_SSL_CA_FILE names a file that holds it */
  @FromEnv('KAFKA_SSL_CA') @IsOptional() @IsString() sslCa?: string;
  @FromEnv('KAFKA_SSL_CERT') @IsOptional() @IsString() sslCert?: string;
  @FromEnv('KAFKA_SSL_KEY') @IsOptional() @IsString() sslKey?: string;

  @FromEnv('KAFKA_SASL_MECHANISM') @IsOptional() @IsIn(saslMechanisms) saslMechanism?: (typeof saslMechanisms)[number];
  @FromEnv('KAFKA_SASL_USERNAME') @IsOptional() @IsString() saslUsername?: string;
  @FromEnv('KAFKA_SASL_PASSWORD') @IsOptional() @IsString() saslPassword?: string;

  /** Of topics that are created; those that are there stay as they are. */
  @FromEnv('KAFKA_PARTITIONS') @IsInt() @Min(1) @Max(1000) partitions = 6;
  @FromEnv('KAFKA_REPLICATION') @IsInt() @Min(1) @Max(9) replication = 1;

  /** Unsent rows at which the outbox is full: then nothing more is accepted. */
  @FromEnv('OUTBOX_BOUND') @IsInt() @Min(1) outboxBound = 100_000;
}
