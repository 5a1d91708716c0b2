import { describe, expect, it } from '@jest/globals';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { freePorts, listeningInodes } from './port.js';

describe('the listening socket of a port', () => {
  // Columns: slot, local address, remote address, state (0A: listening), queues, timer, retransmits, uid, timeout, inode.
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1254 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1 0
   1: 0100007F:1254 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 222 1 0
   2: 00000000000000000000000001000000:11F9 00000000000000000000000000000000:0000 0A 0:0 00:0 0 1000 0 333 1 0
`;

  it('is found by its hexadecimal number, for IPv4 and IPv6', () => {
    expect(listeningInodes(table, 4692)).toEqual(['111']);
    expect(listeningInodes(table, 4601)).toEqual(['333']);
  });

  it('is not one that is only connected, nor one whose number ends alike', () => {
    expect(listeningInodes(table, 40000)).toEqual([]);
    expect(listeningInodes(table, 0x254)).toEqual([]);
  });
});

describe('free ports', () => {
  const listen = async (port: number): Promise<{ server: Server; port: number }> => {
    const server = createServer();
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
    return { server, port: (server.address() as AddressInfo).port };
  };
  const closed = (server: Server) => new Promise((resolve) => server.close(resolve));

  it('are all different, can be listened on, and are none that the system gives to who names none', async () => {
    const ports = await freePorts(30);
    expect(new Set(ports).size).toBe(30);
    const { server, port: ofTheSystem } = await listen(0);
    await closed(server);
    expect(Math.max(...ports)).toBeLessThan(32_768);
    expect(ofTheSystem).toBeGreaterThanOrEqual(32_768);
    for (const port of ports) await closed((await listen(port)).server);
  });

  it('are not those that someone listens on; too few are said', async () => {
    const { server, port } = await listen(0);
    try {
      const around = { from: port - 40, to: port };
      expect(await freePorts(5, around)).not.toContain(port);
      await expect(freePorts(1, { from: port, to: port })).rejects.toThrow(
        `Of the ports ${port} to ${port} only 0 are free, not 1`,
      );
    } finally {
      await closed(server);
    }
  });
});
