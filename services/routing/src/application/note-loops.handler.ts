import type { LoopChanged } from '@closeloop/contracts';
import { KeptStore } from '../domain/kept-store.js';
import { noteLoops } from '../domain/moved-loops.js';
import { Injectable } from '@nestjs/common';

/** Notes which feedback is in which loop, and which loops people have moved: what fallbacks are learned from. */
@Injectable()
export class NoteLoops {
  constructor(private readonly store: KeptStore) {}

  async handle(events: readonly LoopChanged[], transaction: object): Promise<void> {
    const tx = this.store.within(transaction);
    const known = await tx.loops([...new Set(events.map(({ loopId }) => loopId))]);
    await tx.note(noteLoops(events, known));
  }
}
