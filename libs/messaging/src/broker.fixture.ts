import { freePorts, type RunningKafka, startKafka } from '@closeloop/embedded';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cable } from './cable.fixture.js';

/** A Kafka of a spec's own, that may be killed and frozen, behind a cable. */
export class BrokerOnCable {
  #running: RunningKafka | undefined;

  private constructor(
    readonly cable: Cable,
    private readonly folder: string,
    private readonly port: number,
    private readonly listener: number,
  ) {}

  static async start(): Promise<BrokerOnCable> {
    const folder = await mkdtemp(join(tmpdir(), 'closeloop-broker-'));
    const [port, listener] = (await freePorts(2)) as [number, number];
    const broker = new BrokerOnCable(await Cable.lay(() => listener), folder, port, listener);
    await broker.start();
    return broker;
  }

  /** Again, on the same data and ports. */
  async start(): Promise<void> {
    this.#running = await startKafka({
      dataDir: this.folder,
      port: this.port,
      listeners: [{ name: 'CABLE', port: this.listener, advertisedPort: this.cable.port }],
      ephemeral: true,
    });
  }

  /** KAFKA_BROKERS, through the cable. */
  get brokers(): string {
    return `127.0.0.1:${this.cable.port}`;
  }

  /** KAFKA_BROKERS, past the cable. */
  get direct(): string {
    return `127.0.0.1:${this.port}`;
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.#running!.pid!, signal);
  }

  async stop(): Promise<void> {
    this.cable.close();
    await this.#running?.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
