import { Logger } from '@nestjs/common';
import { createRequire } from 'node:module';

interface RequestQueue {
  readonly pending: readonly unknown[];
}
type Schedule = (this: RequestQueue) => void;

const guarded = Symbol.for('closeloop:request-queue-guarded');

/**
 * Every connection of kafkajs 2.2.4 keeps a timer of 1 ms for ever: with nothing pending it computes a delay in the past and
 * sets itself again (kafkajs#1751; fixed in PR 1755, never released). Nothing pending needs no check, so none is set.
 * Returns whether the guard stands; a kafkajs that looks different is left alone.
 */
export function guardRequestQueue(): boolean {
  try {
    const kafkajs = createRequire(import.meta.url);
    const { version } = kafkajs('kafkajs/package.json') as { version: string };
    const { prototype } = kafkajs('kafkajs/src/network/requestQueue/index.js') as {
      prototype: { scheduleCheckPendingRequests?: Schedule; [guarded]?: boolean };
    };
    if (prototype[guarded]) return true;
    const schedule = prototype.scheduleCheckPendingRequests;
    if (version !== '2.2.4' || typeof schedule !== 'function') throw new Error(`kafkajs ${version} is not 2.2.4`);
    prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
      if (this.pending.length > 0) schedule.call(this);
    };
    prototype[guarded] = true;
    return true;
  } catch (error) {
    new Logger('Kafka').warn(`kafkajs's idle timers are not guarded: ${(error as Error).message}`);
    return false;
  }
}
