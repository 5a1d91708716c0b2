import { Logger } from '@nestjs/common';
import { type Admin, Kafka, logLevel, type ISocketFactory, type LogEntry, type SASLOptions } from 'kafkajs';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectSecure } from 'node:tls';
import { type KafkaConfig } from './kafka.config.js';
import { givenUp, guardKafkajs } from './kafkajs.guards.js';

/** What kafkajs writes into its log, before it is written. */
export type KafkaLogObserver = (entry: LogEntry) => void;

/** A client, and its end. */
export interface KafkaClient {
  readonly kafka: Kafka;
  /** Breaks off every connection, and lets none be made any more: what hangs in it fails, and can do nothing behind one's back. */
  readonly hangUp: () => void;
}

/** A client may be slow for so long; then its connection counts as dead. Recovery from a fault waits for it at most once. */
const requestTimeoutMs = 5_000;

/** A client by configuration, with the guards that kafkajs needs. */
export function kafkaClient(config: KafkaConfig, clientId: string, observeLog?: KafkaLogObserver): KafkaClient {
  guardKafkajs();
  const sockets = new Set<Socket>();
  let hungUp = false;
  const socketFactory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
    const servername = isIP(host) ? {} : { servername: host };
    const socket = (ssl as object | undefined)
      ? connectSecure({ host, port, ...servername, ...ssl }, onConnect)
      : connectPlain({ host, port }, onConnect);
    // Every request is awaited by someone, so none waits for a fuller packet.
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 10_000);
    sockets.add(socket);
    let told = false;
    socket.once('end', () => (told = true)).once('error', () => (told = true));
    socket.once('close', () => {
      sockets.delete(socket);
      // kafkajs listens to these two only, and would go on writing into a closed socket.
      if (!told) socket.emit('end');
    });
    if (hungUp) breakOff(socket);
    return socket;
  };
  return {
    kafka: newKafka(config, clientId, socketFactory, observeLog),
    hangUp() {
      hungUp = true;
      for (const socket of sockets) breakOff(socket);
    },
  };
}

/** kafkajs tries again by itself within it; what hangs in there is given up. */
const adminPatienceMs = 20_000;

/** Gives an admin that is connected, and takes it back. @throws when Kafka cannot be reached, or does not answer in 20 s */
export const adminOf =
  (config: KafkaConfig, clientId: string) =>
  async <T>(use: (admin: Admin) => Promise<T>): Promise<T> => {
    const { kafka, hangUp } = kafkaClient(config, clientId);
    const admin = kafka.admin({ retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 2 } });
    const bound = new AbortController();
    try {
      return await Promise.race([
        admin.connect().then(() => use(admin)),
        sleep(adminPatienceMs, undefined, { ref: false, signal: bound.signal }).then(() => {
          throw new Error(`Kafka has not answered for ${adminPatienceMs / 1000} s`);
        }),
      ]);
    } finally {
      bound.abort();
      await Promise.race([admin.disconnect().catch(() => undefined), sleep(500, undefined, { ref: false })]);
      hangUp();
    }
  };

const breakOff = (socket: Socket): void =>
  void socket.destroy(Object.assign(new Error(givenUp), { code: 'ECONNABORTED' }));

function newKafka(
  config: KafkaConfig,
  clientId: string,
  socketFactory: ISocketFactory,
  observeLog: KafkaLogObserver | undefined,
): Kafka {
  const logger = new Logger('Kafka');
  return new Kafka({
    clientId,
    brokers: config.brokers,
    ssl: sslOf(config),
    ...(config.saslMechanism && { sasl: saslOf(config) }),
    connectionTimeout: 3_000,
    authenticationTimeout: requestTimeoutMs,
    requestTimeout: requestTimeoutMs,
    retry: { initialRetryTime: 100, maxRetryTime: 2_000, retries: 8 },
    socketFactory,
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => {
      observeLog?.(entry);
      const { message, error } = entry.log as { message: string; error?: unknown };
      const line = `${message}${typeof error === 'string' && !message.includes(error) ? `: ${error}` : ''}`;
      // True of kafkajs alone: BatchProducer takes a new producer after each failure.
      if (message.startsWith('Limiting retries for the idempotent producer')) return;
      // Broken off by ourselves.
      if (line.includes(givenUp)) return;
      // kafkajs calls what it will try again by itself an error; what must be acted on is logged where it is handled.
      // That a member comes or goes is said as often as a heartbeat is sent meanwhile, and is no fault.
      const isFault = entry.level <= logLevel.WARN && !line.includes('The group is rebalancing');
      if (isFault) logger.warn(line);
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
