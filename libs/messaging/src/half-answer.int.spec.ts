import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@closeloop/testing';
import { createRequire } from 'node:module';
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { guardKafkajs } from './kafkajs.guards.js';

interface Connection {
  readonly bytesBuffered: number;
  isConnected(): boolean;
  connect(): Promise<boolean>;
  disconnect(): Promise<boolean>;
}
type Made = new (options: object) => Connection;

/** An answer of four bytes, to a request that nobody has made */
const whole = Buffer.from([0, 0, 0, 4, 0, 0, 0, 77]);

describe('a connection that broke in the middle of an answer', () => {
  let broker: Server;
  let connection: Connection;
  let accepted: Socket[];

  beforeEach(async () => {
    accepted = [];
    broker = createServer((socket) => {
      socket.on('error', () => undefined);
      accepted.push(socket);
    });
    await new Promise<void>((resolve) => broker.listen(0, '127.0.0.1', resolve));
    guardKafkajs();
    const { port } = broker.address() as AddressInfo;
    const Connection = createRequire(import.meta.url)('kafkajs/src/network/connection.js') as Made;
    const silent = { debug: () => undefined, warn: () => undefined, error: () => undefined };
    connection = new Connection({
      host: '127.0.0.1',
      port,
      clientId: 'spec',
      connectionTimeout: 1000,
      requestTimeout: 1000,
      logger: { namespace: () => silent },
      socketFactory: ({ onConnect }: { onConnect: () => void }) => connect({ host: '127.0.0.1', port }, onConnect),
    });
  });
  afterEach(async () => {
    await connection.disconnect();
    for (const socket of accepted) socket.destroy();
    await new Promise((resolve) => broker.close(resolve));
  });

  it('reads what comes after it was made anew from its beginning', async () => {
    await connection.connect();
    await eventually(() => expect(accepted).toHaveLength(1));
    accepted[0]!.write(Buffer.from([0, 0, 0, 10, 0, 0, 0, 1]));
    await eventually(() => expect(connection.bytesBuffered).toBe(8));
    accepted[0]!.resetAndDestroy();
    await eventually(() => expect(connection.isConnected()).toBe(false));

    await connection.connect();
    await eventually(() => expect(accepted).toHaveLength(2));
    accepted[1]!.write(Buffer.concat([whole, whole.subarray(0, 3)]));
    await eventually(() => expect(connection.bytesBuffered).toBe(3));
  });
});
