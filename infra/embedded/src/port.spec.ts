import { describe, expect, it } from '@jest/globals';
import { listeningInodes } from './port.js';

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
