import { type Place, type Running, type Subject } from '../subjects/subject.js';
import { type Measured } from './measure.js';
import { type RunOptions, type Session, type WorkName } from './work.js';

export interface LifeOptions extends Pick<RunOptions, 'durations' | 'texts' | 'signal'> {
  readonly works: ReadonlySet<WorkName>;
}

/** Of one subject: it is started, does what the session asks for, and is stopped; nothing of it is left. */
export async function oneLife(
  session: Session,
  subject: Subject,
  place: Place,
  { works, durations, texts, signal }: LifeOptions,
): Promise<Partial<Record<WorkName, Measured>>> {
  const running = stoppable(await subject.start(place, session.parts), signal);
  try {
    return await session.run(place, running, { works, durations, texts });
  } catch (error) {
    // why it does not answer any more
    running.assertRuns();
    throw error;
  } finally {
    await running.stop();
    await place.stores.drop(place.topicPrefix, place.databasePrefix);
  }
}

/** Who waits for it also hears that the whole run is to end. */
export const stoppable = (running: Running, signal: AbortSignal): Running => ({
  ...running,
  assertRuns() {
    signal.throwIfAborted();
    running.assertRuns();
  },
});
