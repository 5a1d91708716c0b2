import { type Platform } from '@closeloop/cli';
import { type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

/** What a journey is made in. */
export interface Surroundings {
  readonly say: (line: string) => void;
  readonly platform: Platform;
  readonly browser: Browser;
  /** A page of somebody who has signed in by a link; what it complains of ends the journey. */
  readonly signIn: (person: Person, options?: BrowserContextOptions) => Promise<Page>;
  /** Gives feedback of the source `e2e`, and waits until it is in a loop. */
  readonly hear: (feedback: object) => Promise<{ readonly feedbackId: string; readonly loopId: string }>;
}

export interface Person {
  readonly sub: string;
  readonly roles: readonly ('agent' | 'manager' | 'admin')[];
  readonly teams?: readonly string[];
}

/** Something that somebody does from beginning to end. */
export interface Journey {
  readonly name: string;
  run(surroundings: Surroundings): Promise<void>;
}

/** @throws with what was expected */
export function expect(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`not so: ${what}`);
}
