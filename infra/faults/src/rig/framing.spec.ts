import { describe, expect, it } from '@jest/globals';
import { answerTo, isCommit, kafkaFrames, postgresRequests, produceOf } from './framing.js';

function typed(type: string, ...texts: string[]): Buffer {
  const body = Buffer.concat(texts.map((text) => Buffer.from(`${text}\0`)));
  const head = Buffer.alloc(5);
  head.write(type, 0, 'latin1');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

function start(code: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeInt32BE(8, 0);
  bytes.writeInt32BE(code, 4);
  return bytes;
}

function kafkaRequest(apiKey: number, correlation: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeInt32BE(8, 0);
  bytes.writeInt16BE(apiKey, 4);
  bytes.writeInt32BE(correlation, 8);
  return bytes;
}

describe('the messages in what a client sends', () => {
  const startup = start(196608);
  const commit = typed('Q', 'COMMIT');
  const insert = typed('Q', 'insert into t values (1)');

  it('are found however the bytes come', () => {
    const framing = postgresRequests();
    const bytes = Buffer.concat([start(80877103), startup, insert, commit]);
    const found = [...bytes].flatMap((byte) => framing.push(Buffer.from([byte])));
    expect(found.map(isCommit)).toEqual([false, false, false, true]);
    expect(Buffer.concat(found)).toEqual(bytes);
    expect(postgresRequests().push(bytes)).toHaveLength(4);
  });

  it('tell a COMMIT by the simple and by the extended protocol', () => {
    expect(isCommit(typed('Q', 'commit'))).toBe(true);
    expect(isCommit(typed('P', '', ' COMMIT'))).toBe(true);
    expect(isCommit(typed('P', 'commit', 'select 1'))).toBe(false);
    expect(isCommit(typed('Q', 'rollback'))).toBe(false);
    expect(isCommit(typed('Q', 'committed'))).toBe(false);
  });

  it('tell a produce request of Kafka, and the answer to it', () => {
    const [produce, fetch] = kafkaFrames().push(Buffer.concat([kafkaRequest(0, 77), kafkaRequest(1, 78)]));
    expect(produceOf(produce!)).toBe(77);
    expect(produceOf(fetch!)).toBeUndefined();
    const answer = Buffer.from([0, 0, 0, 4, 0, 0, 0, 77]);
    expect(answerTo(kafkaFrames().push(answer)[0]!)).toBe(77);
  });
});
