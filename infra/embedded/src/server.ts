import { randomBytes } from 'node:crypto';
import { type spawn } from 'node:child_process';
import { type Say } from './kafka-distribution.js';
import { assertFree, freePorts } from './port.js';

export interface ServerOptions {
  /** Made when it is not there; everything the server keeps lies in it. */
  readonly dataDir: string;
  /** On loopback; 0 takes a free one. */
  readonly port: number;
  /** The environment variable that chooses another port, named in the message about one that is taken. */
  readonly portVariable?: string;
  /** Data that nobody wants back after a crash of the machine (specs): faster. */
  readonly ephemeral?: boolean;
  /** Progress, for people. */
  readonly say?: Say;
}

export interface RunningServer {
  readonly port: number;
  /** Undefined where it runs in a container. */
  readonly pid: number | undefined;
  /** It ran already: something ended without stopping it. */
  readonly adopted: boolean;
  /** Orderly; returns when it is gone. */
  stop(): Promise<void>;
}

export async function wantedPort({ port, portVariable }: ServerOptions, what: string): Promise<number> {
  if (port === 0) return (await freePorts(1))[0]!;
  await assertFree(port, what, portVariable);
  return port;
}

/** As Kafka wants it: 16 bytes. A dash at its beginning would be taken for an option. */
export const newClusterId = () => randomBytes(16).toString('base64url').replace(/^-/, 'A');

/** The pid, or the error of a program that cannot be run, which Node gives as an event. */
export function spawned(child: ReturnType<typeof spawn>, program: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve(child.pid!));
    child.once('error', (error) => reject(new Error(`${program} cannot be run: ${error.message}`, { cause: error })));
  });
}

export interface RunningKafka extends RunningServer {
  /** As KAFKA_BROKERS takes it. */
  readonly brokers: string;
}
