import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { freePorts } from '@closeloop/embedded';
import pg from 'pg';
import { TcpProxy } from './tcp-proxy.js';

/** Says back what it hears. */
describe('a proxy in front of an echo', () => {
  let echo: Server;
  let proxy: TcpProxy;
  let client: Socket;
  let heard: string;
  const open = async () => {
    client = connect(proxy.port, '127.0.0.1');
    heard = '';
    client.on('data', (bytes: Buffer) => (heard += bytes.toString()));
    client.on('error', () => undefined);
    await pause(50);
  };
  const says = async (text: string) => {
    client.write(text);
    await pause(50);
    return heard;
  };

  beforeEach(async () => {
    echo = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.pipe(socket);
    });
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
    const [port, nobody] = await freePorts(2);
    proxy = await TcpProxy.start(port!, 'http', nobody!, (echo.address() as AddressInfo).port);
    await open();
  });
  afterEach(async () => {
    client.destroy();
    await proxy.close();
    await new Promise((resolve) => echo.close(resolve));
  });

  it('passes, also past a target that nobody listens on', async () => {
    expect(await says('a')).toBe('a');
    expect(proxy.connections).toBe(1);
  });

  it('cuts', async () => {
    proxy.cutAll();
    await pause(50);
    expect(client.destroyed).toBe(true);
    expect(proxy.connections).toBe(0);
  });

  it('holds, and loses nothing', async () => {
    proxy.set('hold');
    expect(await says('a')).toBe('');
    proxy.pass();
    expect(await says('b')).toBe('ab');
  });

  it('swallows, and ends what has a hole in it', async () => {
    proxy.set('black-hole');
    expect(await says('a')).toBe('');
    expect(client.destroyed).toBe(false);
    proxy.pass();
    await pause(50);
    expect(client.destroyed).toBe(true);
    await open();
    expect(await says('b')).toBe('b');
  });

  it('delays each way, and keeps the order when it stops to', async () => {
    proxy.set('delay');
    expect(await says('a')).toBe('');
    proxy.pass();
    expect(await says('b')).toBe('');
    await pause(500);
    expect(heard).toBe('ab');
  });

  it('breaks off in the middle of an answer', async () => {
    proxy.set('reset');
    for (let times = 0; times < 12 && !client.destroyed; times += 1) await says('0123456789');
    expect(client.destroyed).toBe(true);
    expect(heard.length % 10).toBe(5);
  });

  it('refuses', async () => {
    proxy.set('refuse');
    await open();
    expect(client.destroyed).toBe(true);
  });
});

describe('a proxy in front of Postgres', () => {
  it('holds the commit of a transaction that named something, or the very statement, lets others pass, and loses nothing', async () => {
    const url = new URL(process.env['DATABASE_URL']!);
    const [port] = await freePorts(1);
    const proxy = await TcpProxy.start(port!, 'postgres', Number(url.port));
    // A container may be known by another address; the proxy listens here.
    url.host = `127.0.0.1:${proxy.port}`;
    const clients = [new pg.Client({ connectionString: url.href }), new pg.Client({ connectionString: url.href })];
    try {
      await Promise.all(clients.map((client) => client.connect()));
      const held = proxy.at('commit', 10, undefined, 'the batch');
      const transaction = async (client: pg.Client, said: string): Promise<void> => {
        await client.query('begin');
        await client.query('select $1::text', [said]);
        await client.query('commit');
      };
      const [other, one] = clients as [pg.Client, pg.Client];
      await transaction(other, 'a request');
      let committed = false;
      const stands = transaction(one, 'the batch').then(() => (committed = true));
      expect(await held).toBe(true);
      await transaction(other, 'the batch');
      expect(committed).toBe(false);
      proxy.release();
      await stands;
      expect(committed).toBe(true);

      const before = proxy.at('statement', 10, undefined, 'the batch');
      await transaction(other, 'a request');
      let said = false;
      const waits = one.query('select $1::text', ['the batch']).then(() => (said = true));
      expect(await before).toBe(true);
      await transaction(other, 'a request');
      expect(said).toBe(false);
      proxy.release();
      await waits;
    } finally {
      await Promise.all(clients.map((client) => client.end()));
      await proxy.close();
    }
  });
});
