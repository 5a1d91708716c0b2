import { Injectable } from '@nestjs/common';
import { learnFallbacks, type Fallback } from '../domain/fallback.js';
import { KeptStore } from '../domain/kept-store.js';

/** Learns from the loops that people have moved where feedback of a topic belongs. */
@Injectable()
export class LearnFallbacks {
  constructor(private readonly store: KeptStore) {}

  /** @returns what was learned; undefined where there was nothing new */
  handle(): Promise<readonly Fallback[] | undefined> {
    return this.store.learn(learnFallbacks);
  }
}
