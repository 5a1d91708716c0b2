import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { workspaceRoot } from '@closeloop/cli';
import { type PoisonName } from './poisons.js';

/** What became of one that was sent: seconds until it was a dead letter; null while it is none */
export interface Letter {
  readonly topic: string;
  readonly poison: string;
  readonly seconds: number | null;
}

export type Ask =
  | { readonly what: 'poison'; readonly topic: string; readonly poison: PoisonName }
  | { readonly what: 'two-megabytes'; readonly topic: string }
  | { readonly what: 'malformed'; readonly url: string; readonly key: string; readonly body: number }
  | { readonly what: 'letters' };

export interface Told {
  readonly no: number;
  readonly result?: unknown;
  readonly error?: string;
}

const program = join(workspaceRoot, 'infra', 'faults', 'dist', 'faults', 'poisoner-main.js');

/** Sends poison and watches for its letters in a process of its own: packing megabytes in the one that times the others' requests would be measured with them. */
export class Poisoner {
  readonly #waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  #asked = 0;

  private constructor(private readonly child: ChildProcess) {
    child.on('message', ({ no, result, error }: Told) => {
      const one = this.#waiting.get(no);
      this.#waiting.delete(no);
      if (error === undefined) one?.resolve(result);
      else one?.reject(new Error(error));
    });
    child.once('exit', (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`The poisoner ended, with ${code}.`));
      this.#waiting.clear();
    });
  }

  /** Reads every topic of dead letters of `topics` from here on. */
  static async start(kafkaBrokers: string, topics: readonly string[]): Promise<Poisoner> {
    const child = fork(program, [kafkaBrokers, topics.join()], { execArgv: [] });
    const poisoner = new Poisoner(child);
    await new Promise((resolve, reject) => poisoner.#waiting.set(0, { resolve, reject }));
    return poisoner;
  }

  #ask<T>(ask: Ask): Promise<T> {
    const no = ++this.#asked;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(no, { resolve: resolve as (result: unknown) => void, reject });
      this.child.send({ ...ask, no });
    });
  }

  /** @throws when Kafka does not take it */
  send(topic: string, poison: PoisonName): Promise<void> {
    return this.#ask({ what: 'poison', topic, poison });
  }

  /** Whether Kafka took it */
  sendTwoMegabytes(topic: string): Promise<boolean> {
    return this.#ask({ what: 'two-megabytes', topic });
  }

  /** @param body its index in malformedBodies. @returns the status it was answered with, or why there was no answer */
  malformed(url: string, key: string, body: number): Promise<string> {
    return this.#ask({ what: 'malformed', url, key, body });
  }

  letters(): Promise<Letter[]> {
    return this.#ask({ what: 'letters' });
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.disconnect();
    await ended;
  }
}
