import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { freePorts } from '@closeloop/embedded';
import { eventually } from '@closeloop/testing';
import pg from 'pg';
import { TcpProxy } from './tcp-proxy.js';

/** Says back what it hears. */
describe('a proxy in front of an echo', () => {
  let echo: Server;
  let proxy: TcpProxy;
  let client: Socket;
  let heard: string;
  const reach = async () => {
    client = connect(proxy.port, '127.0.0.1');
    heard = '';
    client.on('data', (bytes: Buffer) => (heard += bytes.toString()));
    client.on('error', () => undefined);
    // 'close' where it is refused
    await new Promise((resolve) => client.once('connect', resolve).once('close', resolve));
  };
  const open = async () => {
    await reach();
    await eventually(() => expect(proxy.connections).toBe(1));
  };
  const says = (text: string) => client.write(text);
  const hears = (text: string) => eventually(() => expect(heard).toBe(text));
  const isCut = () => eventually(() => expect(client.destroyed).toBe(true));
  const hearsNothing = async () => {
    await pause(50);
    expect(heard).toBe('');
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
    says('a');
    await hears('a');
    expect(proxy.connections).toBe(1);
  });

  it('cuts', async () => {
    says('a');
    await hears('a');
    proxy.cutAll();
    await isCut();
    expect(proxy.connections).toBe(0);
  });

  it('holds, and loses nothing', async () => {
    says('a');
    await hears('a');
    proxy.set('hold');
    says('b');
    await pause(50);
    expect(heard).toBe('a');
    proxy.pass();
    says('c');
    await hears('abc');
  });

  it('swallows, and ends what has a hole in it', async () => {
    proxy.set('black-hole');
    says('a');
    await hearsNothing();
    expect(client.destroyed).toBe(false);
    proxy.pass();
    await isCut();
    await open();
    says('b');
    await hears('b');
  });

  it('delays each way, and keeps the order when it stops to', async () => {
    proxy.set('delay');
    says('a');
    await hearsNothing();
    proxy.pass();
    says('b');
    await hears('ab');
  });

  it('breaks off in the middle of an answer', async () => {
    proxy.set('reset');
    for (let times = 1; times <= 12 && !client.destroyed; times += 1) {
      says('0123456789');
      await eventually(() => expect(client.destroyed || heard.length === 10 * times).toBe(true));
    }
    expect(client.destroyed).toBe(true);
    expect(heard.length % 10).toBe(5);
  });

  it('refuses', async () => {
    proxy.set('refuse');
    await reach();
    await isCut();
  });

  it('refuses what it had taken and not yet connected', async () => {
    client.destroy();
    await reach();
    proxy.set('refuse');
    await isCut();
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
