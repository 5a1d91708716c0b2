import { Logger } from '@nestjs/common';
import { Kafka, logLevel, type ISocketFactory, type LogEntry, type SASLOptions } from 'kafkajs';
import { connect as connectPlain, isIP } from 'node:net';
import { connect as connectSecure } from 'node:tls';
import { type KafkaConfig } from './kafka.config.js';
import { guardRequestQueue } from './request-queue.guard.js';

/** What kafkajs writes into its log, before it is written. */
export type KafkaLogObserver = (entry: LogEntry) => void;

/** Every request is awaited by someone, so none waits for a fuller packet. */
const socketFactory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  const servername = isIP(host) ? {} : { servername: host };
  const socket = (ssl as object | undefined)
    ? connectSecure({ host, port, ...servername, ...ssl }, onConnect)
    : connectPlain({ host, port }, onConnect);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 10_000);
  return socket;
};

/** A client by configuration. Its connections have TCP_NODELAY, and no idle timer. */
export function kafkaClient(
  config: KafkaConfig,
  clientId: string,
  options: { requestTimeoutMs?: number; observeLog?: KafkaLogObserver } = {},
): Kafka {
  guardRequestQueue();
  const logger = new Logger('Kafka');
  return new Kafka({
    clientId,
    brokers: config.brokers,
    ssl: sslOf(config),
    ...(config.saslMechanism && { sasl: saslOf(config) }),
    connectionTimeout: 3_000,
    authenticationTimeout: 10_000,
    // A connection that hangs is given up in time to be unready, and to try another.
    requestTimeout: options.requestTimeoutMs ?? 30_000,
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 8 },
    socketFactory,
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => {
      options.observeLog?.(entry);
      const { message, error } = entry.log as { message: string; error?: unknown };
      const line = `${message}${typeof error === 'string' && !message.includes(error) ? `: ${error}` : ''}`;
      // True of kafkajs alone: BatchProducer takes a new producer after each failure.
      if (message.startsWith('Limiting retries for the idempotent producer')) return;
      // kafkajs calls what it will try again by itself an error; what must be acted on is logged where it is handled.
      if (entry.level === logLevel.ERROR || entry.level === logLevel.WARN) logger.warn(line);
      else logger.debug(line);
    },
  });
}

function sslOf({ ssl, sslCa, sslCert, sslKey }: KafkaConfig): boolean | object {
  if (!ssl) return false;
  const given = { ...(sslCa && { ca: [sslCa] }), ...(sslCert && { cert: sslCert }), ...(sslKey && { key: sslKey }) };
  return Object.keys(given).length > 0 ? given : true;
}

function saslOf({ saslMechanism, saslUsername, saslPassword }: KafkaConfig): SASLOptions {
  if (!saslUsername || !saslPassword) {
    throw new Error('KAFKA_SASL_MECHANISM is set: KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD are needed too');
  }
  return { mechanism: saslMechanism, username: saslUsername, password: saslPassword } as SASLOptions;
}
