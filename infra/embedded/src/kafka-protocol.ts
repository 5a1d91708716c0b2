import { connect } from 'node:net';

/** Whether a Kafka on that port answers an ApiVersions request: it is up, and it is Kafka. */
export function answersKafka(port: number): Promise<boolean> {
  const apiVersions = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 0xff, 0xff]);
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    let received = Buffer.alloc(0);
    socket.setTimeout(2000, () => end(false));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
    socket.once('connect', () => socket.write(apiVersions));
    socket.on('data', (bytes) => {
      received = Buffer.concat([received, bytes]);
      if (received.length >= 10) end(received.readInt32BE(4) === 7 && received.readInt16BE(8) === 0);
    });
  });
}
