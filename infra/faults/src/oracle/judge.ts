import * as clock from './clock.rules.js';
import * as delivery from './delivery.rules.js';
import { type Heard, type Held, type Rule } from './facts.js';
import * as feedback from './feedback.rules.js';
import * as ledger from './ledger.rules.js';
import * as loop from './loop.rules.js';
import * as reply from './reply.rules.js';
import * as topic from './topic.rules.js';
import { type Finding, type PhaseVerdict, type Verdict } from './verdict.js';

/** Every promise there is, by its name. */
export const rules: Readonly<Record<string, Rule>> = {
  ...feedback,
  ...loop,
  ...clock,
  ...topic,
  ...ledger,
  ...delivery,
  ...reply,
};

/** Judges by every rule, and sorts what is broken into the phases in which it was begun. */
export function judge(heard: Heard, held: Held): Verdict {
  const phases: Record<string, PhaseVerdict> = {};
  for (const name of heard.phases) {
    phases[name] = { accepted: 0, undetermined: 0, rejected: 0, lost: [], doubled: [], misordered: [] };
  }
  const phaseOf = new Map<string, string>();
  for (const { submission, answer, undetermined } of heard.told) {
    const { feedbackId, phase } = submission;
    if (feedbackId !== undefined && !phaseOf.has(feedbackId)) phaseOf.set(feedbackId, phase);
    const counts = phases[phase]!;
    if (answer?.result === 'accepted' || answer?.result === 'revised') counts.accepted++;
    if (answer?.result === 'rejected') counts.rejected++;
    if (undetermined > 0 || !answer) counts.undetermined++;
  }
  for (const { change, feedbackId, loopId } of held.history) {
    const phase = change === 'opened' && feedbackId !== undefined ? phaseOf.get(feedbackId) : undefined;
    if (phase !== undefined) phaseOf.set(loopId, phase);
  }
  const other: Finding[] = [];
  for (const [rule, broken] of Object.entries(rules)) {
    for (const { how, ...rest } of broken(heard, held)) {
      const phase = phaseOf.get(rest.id) ?? '';
      const finding: Finding = { phase, rule, ...rest };
      const list = how === 'other' || phase === '' ? other : phases[phase]![how];
      list.push(finding);
    }
  }
  const good =
    other.length === 0 &&
    Object.values(phases).every(
      ({ lost, doubled, misordered }) => lost.length + doubled.length + misordered.length === 0,
    );
  return { phases, other, good };
}
