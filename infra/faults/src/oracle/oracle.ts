import { type Journal } from '../load/journal.js';
import { type Received } from '../rig/receiver.js';
import { type Subject } from '../subject.js';
import { untilDrained } from './drained.js';
import { judge } from './judge.js';
import { readIngestion, readLedgerView, readLoop } from './read-stores.js';
import { readTopics } from './read-topics.js';
import { type Verdict } from './verdict.js';

export { type Finding, type PhaseVerdict, type Verdict } from './verdict.js';

/** Waits until all that was taken in has come to rest. `waitingFor` is empty where it has. */
export function drained(
  subject: Subject,
  _journal: Journal,
  options: { timeoutSeconds: number },
): Promise<{ seconds: number; waitingFor: readonly string[] }> {
  return untilDrained(subject, options);
}

/**
 * Compares what was told with what the stores, the topics, the ledger and the receiver of webhooks hold. To be asked after `drained`: what is still under way
 * counts as lost.
 * @throws where a store cannot be read
 */
export async function examine(subject: Subject, journal: Journal, received: Received): Promise<Verdict> {
  // the sinks first: what moves meanwhile is then missing in none of what it came from
  const { unsent: unsentByLoop, ...loop } = await readLoop(subject);
  const { unsent: unsentByIngestion, ...ingestion } = await readIngestion(subject);
  const view = await readLedgerView(subject);
  const topics = await readTopics(subject.kafkaBrokers);
  const unsent = { ingestion: unsentByIngestion, loop: unsentByLoop };
  const { endpoints, takings, replyTakings, unsigned } = received;
  const taken = { endpoints, takings, replyTakings, unsigned };
  return judge(journal, { ...loop, ...ingestion, ...topics, ...taken, unsent, view });
}
