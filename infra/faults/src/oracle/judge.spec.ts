import { describe, expect, it } from '@jest/globals';
import { loopEventId, sha256 } from '@closeloop/contracts';
import fc from 'fast-check';
import { type Broken } from './facts.js';
import { judge, rules } from './judge.js';
import { count, worldOf, type Story, type World } from './world.fixture.js';

/** One of each: loops with revisions and commands, none, deleted, dead, poison, over Kafka, sent again, waiting, expired. */
const stories: readonly Story[] = [
  { revisions: 3, wish: 'open', commands: 2 },
  { revisions: 2, wish: 'none' },
  { revisions: 2, wish: 'open', deleted: true },
  { revisions: 2, wish: 'open', dies: true },
  { revisions: 0, wish: 'none', poison: true },
  { revisions: 3, wish: 'open', via: 'kafka', again: 2 },
  { revisions: 0, wish: 'none', via: 'kafka', poison: true },
  { revisions: 1, wish: 'open', again: 2, commands: 1 },
  { revisions: 1, wish: 'open', via: 'kafka', resolved: 'waits' },
  { revisions: 1, wish: 'open', via: 'kafka', resolved: 'expires' },
];

const without = <T>(list: T[], which: (item: T) => boolean): T => {
  const at = list.findIndex(which);
  if (at < 0) throw new Error('there is nothing to take away');
  return list.splice(at, 1)[0]!;
};
const again = <T>(list: T[], which: (item: T) => boolean, changed: Partial<T> = {}): void => {
  const found = list.find(which);
  if (!found) throw new Error('there is nothing to double');
  list.push({ ...found, ...changed });
};
const change = <T>(list: T[], which: (item: T) => boolean, changed: Partial<T>): void => {
  const found = list.find(which);
  if (!found) throw new Error('there is nothing to change');
  Object.assign(found, changed);
};
const any = (): boolean => true;
const otherHash = sha256('something else');
const foreignId = loopEventId('of nothing', 1);

interface Case {
  readonly rule: string;
  readonly how: Broken['how'];
  readonly when: string;
  readonly broken: (world: World) => void;
}

const cases: readonly Case[] = [
  {
    rule: 'acceptedIsKept',
    how: 'lost',
    when: 'an accepted revision is not in the store',
    broken: ({ held }) => without(held.revisions, ({ revision }) => revision === 2),
  },
  {
    rule: 'acceptedIsKept',
    how: 'lost',
    when: 'an accepted revision has another content',
    broken: ({ held }) => change(held.revisions, any, { contentHash: otherHash }),
  },
  {
    rule: 'acceptedIsKept',
    how: 'lost',
    when: 'a duplicate is not known',
    broken: ({ heard, held }) => {
      const { submission } = without(heard.told, ({ answer }) => answer?.result === 'duplicate');
      without(held.ledger, ({ feedbackId }) => feedbackId === submission.feedbackId);
      heard.told.push({ submission, undetermined: 0, answer: { result: 'duplicate', revision: 1 } });
    },
  },
  {
    rule: 'acceptedOnce',
    how: 'doubled',
    when: 'two senders were told to have made one revision',
    broken: ({ heard }) =>
      change(heard.told, ({ answer }) => answer?.result === 'duplicate', {
        answer: { result: 'accepted', revision: 1 },
      }),
  },
  {
    rule: 'revisionsFollowOn',
    how: 'lost',
    when: 'a revision number is skipped',
    broken: ({ held }) => change(held.revisions, ({ revision }) => revision === 3, { revision: 4 }),
  },
  {
    rule: 'revisionsFollowOn',
    how: 'doubled',
    when: 'the same content is two revisions',
    broken: ({ held }) => {
      const [first, second] = held.revisions;
      second!.contentHash = first!.contentHash;
    },
  },
  {
    rule: 'revisionsFollowOn',
    how: 'other',
    when: 'a revision has a content that nobody sent',
    broken: ({ held }) => change(held.revisions, any, { contentHash: otherHash }),
  },
  {
    rule: 'highestHolds',
    how: 'lost',
    when: 'an older revision holds than one that was acknowledged',
    broken: ({ held }) => {
      const { feedbackId, contentHash } = held.revisions[0]!;
      change(held.ledger, (row) => row.feedbackId === feedbackId, {
        contentHash,
        updatedAt: Date.UTC(2026, 0, 1, 0, 1),
      });
    },
  },
  {
    rule: 'highestHolds',
    how: 'lost',
    when: 'a deletion without a time does not hold',
    broken: ({ heard, held }) => {
      const one = heard.told.find(({ submission: { kind } }) => kind === 'deleted')!;
      const { updatedAt: _updatedAt, ...timeless } = one.submission;
      one.submission = timeless;
      const row = held.ledger.find(({ feedbackId }) => feedbackId === timeless.feedbackId)!;
      delete row.deletedAt;
    },
  },
  {
    rule: 'rejectedIsNowhere',
    how: 'other',
    when: 'what was refused is in a topic',
    broken: ({ heard, held }) => {
      const { feedbackId } = heard.told.find(({ submission: { kind } }) => kind === 'poison')!.submission;
      again(held.events, any, { feedbackId: feedbackId! });
    },
  },
  {
    rule: 'rejectedIsNowhere',
    how: 'other',
    when: 'poison was accepted',
    broken: ({ heard }) =>
      change(heard.told, ({ submission: { kind } }) => kind === 'poison', {
        answer: { result: 'accepted', revision: 1 },
      }),
  },
  {
    rule: 'rejectedIsNowhere',
    how: 'other',
    when: 'sound feedback was refused',
    broken: ({ heard }) => change(heard.told, any, { answer: { result: 'rejected', status: 400 } }),
  },
  {
    rule: 'eachHasOneEnd',
    how: 'lost',
    when: 'an accepted revision has neither settlement nor letter',
    broken: ({ held }) => without(held.settlements, any),
  },
  {
    rule: 'eachHasOneEnd',
    how: 'doubled',
    when: 'a settled revision is a dead letter as well',
    broken: ({ held }) => {
      const { feedbackId, revision } = held.settlements[0]!;
      change(held.letters, (letter) => letter.revision !== undefined, { feedbackId, revision });
    },
  },
  {
    rule: 'eachHasOneEnd',
    how: 'doubled',
    when: 'a revision is settled that was never accepted',
    broken: ({ held }) => again(held.settlements, any, { revision: 9, settlement: 9 }),
  },
  {
    rule: 'settledOnce',
    how: 'doubled',
    when: 'a revision is settled twice',
    broken: ({ held }) => again(held.settlements, any, { settlement: 9 }),
  },
  {
    rule: 'settledOnce',
    how: 'doubled',
    when: 'two settlements have one number',
    broken: ({ held }) => change(held.settlements, ({ settlement }) => settlement === 2, { settlement: 1 }),
  },
  {
    rule: 'settledOnce',
    how: 'lost',
    when: 'a lower revision stands than was settled',
    broken: ({ held }) => change(held.settled, ({ revision }) => revision === 3, { revision: 2 }),
  },
  {
    rule: 'soundDoesNotDie',
    how: 'other',
    when: 'feedback that nothing is wrong with is a dead letter',
    broken: () => undefined,
  },
  {
    rule: 'toldTransitionsHappened',
    how: 'lost',
    when: 'a transition that an agent was told of is not in the history',
    broken: ({ held }) => without(held.history, ({ change: what }) => what === 'escalated'),
  },
  {
    rule: 'toldTransitionsHappened',
    how: 'lost',
    when: 'that version is something else',
    broken: ({ held }) => change(held.history, ({ change: what }) => what === 'escalated', { change: 'waited' }),
  },
  {
    rule: 'toldTransitionsHappened',
    how: 'doubled',
    when: 'two agents were told of one version',
    broken: ({ heard }) => again(heard.transitions, any),
  },
  {
    rule: 'historiesAreWhole',
    how: 'lost',
    when: 'a history has a gap',
    broken: ({ held }) => without(held.history, ({ version }) => version === 2),
  },
  {
    rule: 'historiesAreWhole',
    how: 'doubled',
    when: 'a loop is opened twice',
    broken: ({ held }) => change(held.history, ({ version }) => version === 2, { change: 'opened' }),
  },
  {
    rule: 'historiesAreWhole',
    how: 'doubled',
    when: 'a history has no loop',
    broken: ({ held }) => without(held.loops, any),
  },
  {
    rule: 'historiesAreWhole',
    how: 'other',
    when: 'the loop is not what its history ends with',
    broken: ({ held }) => change(held.loops, any, { state: 'resolved' }),
  },
  {
    rule: 'eachMovesOnce',
    how: 'doubled',
    when: 'a revision moves its loop twice',
    broken: ({ held }) => change(held.history, ({ revision }) => revision === 2, { revision: 3 }),
  },
  {
    rule: 'eachMovesOnce',
    how: 'doubled',
    when: 'a feedback opens a loop and joins another',
    broken: ({ held }) => again(held.history, any, { loopId: foreignId, change: 'joined' }),
  },
  {
    rule: 'loopsHoldTheirFeedback',
    how: 'doubled',
    when: 'a loop was opened by a feedback that is in none',
    broken: ({ held }) => change(held.settled, ({ place }) => place === 'loop', { loopId: foreignId }),
  },
  {
    rule: 'loopsHoldTheirFeedback',
    how: 'lost',
    when: 'a feedback is in a loop that is not there',
    broken: ({ held }) => change(held.settled, ({ place }) => place === 'loop', { loopId: foreignId }),
  },
  {
    rule: 'loopsHoldTheirFeedback',
    how: 'lost',
    when: 'a loop does not know who joined it',
    broken: ({ held }) => change(held.settled, ({ place }) => place === 'loop', { place: 'joined' }),
  },
  {
    rule: 'loopsHoldTheirFeedback',
    how: 'other',
    when: 'a loop counts more than are in it',
    broken: ({ held }) => change(held.loops, any, { feedback: 2 }),
  },
  {
    rule: 'everyRevisionWasSent',
    how: 'lost',
    when: 'an accepted revision is in no topic',
    broken: ({ held }) => without(held.events, ({ topic }) => topic === 'feedback.routed.v1'),
  },
  {
    rule: 'everyRevisionWasSent',
    how: 'doubled',
    when: 'a topic has a revision that was never committed',
    broken: ({ held }) => again(held.events, any, { revision: 9 }),
  },
  {
    rule: 'resendsHaveOneId',
    how: 'doubled',
    when: 'an event is sent again under another id',
    broken: ({ held }) => again(held.events, any, { id: foreignId }),
  },
  {
    rule: 'resendsHaveOneId',
    how: 'doubled',
    when: 'a version of a loop is sent again under another id',
    broken: ({ held }) => again(held.loopEvents, any, { id: foreignId }),
  },
  {
    rule: 'everyChangeWasTold',
    how: 'lost',
    when: 'a step of a loop was not told',
    broken: ({ held }) => without(held.loopEvents, ({ version }) => version === 2),
  },
  {
    rule: 'everyChangeWasTold',
    how: 'lost',
    when: 'a settlement without a loop was not told',
    broken: ({ held }) => without(held.loopEvents, ({ version }) => version === 0),
  },
  {
    rule: 'everyChangeWasTold',
    how: 'doubled',
    when: 'a step was told that was rolled back',
    broken: ({ held }) => {
      const { loopId } = held.loops[0]!;
      again(held.loopEvents, any, { id: loopEventId(loopId, 99), loopId, version: 99 });
    },
  },
  {
    rule: 'everyChangeWasTold',
    how: 'doubled',
    when: 'one settlement was told as two steps',
    broken: ({ held }) => {
      const { feedbackId, settlement } = held.loopEvents.find((event) => event.settlement !== undefined)!;
      change(held.loopEvents, (event) => event.settlement === undefined, {
        feedbackId: feedbackId!,
        settlement: settlement!,
      });
    },
  },
  {
    rule: 'orderIsKept',
    how: 'misordered',
    when: 'revision 2 is before revision 1',
    broken: ({ held }) => change(held.events, ({ revision }) => revision === 2, { offset: -1 }),
  },
  {
    rule: 'orderIsKept',
    how: 'misordered',
    when: 'a loop is told in the wrong order',
    broken: ({ held }) => change(held.loopEvents, ({ version }) => version === 3, { offset: -1 }),
  },
  {
    rule: 'orderIsKept',
    how: 'misordered',
    when: 'a feedback changes its partition',
    broken: ({ held }) => change(held.events, ({ revision }) => revision === 2, { partition: 99 }),
  },
  {
    rule: 'lettersAreKept',
    how: 'lost',
    when: 'ingestion does not keep a letter',
    broken: ({ held }) => without(held.letters, any),
  },
  {
    rule: 'lettersAreKept',
    how: 'doubled',
    when: 'ingestion keeps a letter that is in no topic',
    broken: ({ held }) => without(held.topicLetters, any),
  },
  {
    rule: 'lettersAreKept',
    how: 'doubled',
    when: 'one death has two letters',
    broken: ({ held }) => {
      again(held.topicLetters, any, { id: foreignId });
      again(held.letters, any, { letterId: foreignId });
    },
  },
  {
    rule: 'ledgerAgrees',
    how: 'other',
    when: 'the ledger has another outcome than the loop service',
    broken: ({ held }) => change(held.ledger, ({ outcome }) => outcome === 'loop', { outcome: 'no-loop' }),
  },
  {
    rule: 'ledgerAgrees',
    how: 'other',
    when: 'the ledger is a version behind',
    broken: ({ held }) => change(held.standings, any, { version: 1 }),
  },
  {
    rule: 'ledgerAgrees',
    how: 'other',
    when: 'the ledger has never heard of a loop',
    broken: ({ held }) => without(held.standings, any),
  },
  {
    rule: 'countsAreOfRows',
    how: 'other',
    when: 'something accepted was counted twice',
    broken: ({ held }) => change(held.tallies, ({ value }) => value === 'accepted', { count: 99 }),
  },
  {
    rule: 'countsAreOfRows',
    how: 'other',
    when: 'the interface says another number',
    broken: ({ held }) => {
      held.view.outcomes['loop'] = 99;
    },
  },
  {
    rule: 'allHasComeToRest',
    how: 'other',
    when: 'something is unsettled',
    broken: ({ held }) => {
      held.view.unsettled.total = 1;
    },
  },
  {
    rule: 'allHasComeToRest',
    how: 'other',
    when: 'rows wait in an outbox',
    broken: ({ held }) => {
      held.unsent.loop = 1;
    },
  },
  {
    rule: 'answersAreCounted',
    how: 'other',
    when: 'more was counted than was tried',
    broken: ({ held }) => change(held.tallies, ({ value }) => value === 'duplicate', { count: 99 }),
  },
  {
    rule: 'answersAreCounted',
    how: 'other',
    when: 'an answer was not counted',
    broken: ({ held }) => without(held.tallies, ({ source, value }) => source === 'web' && value === 'duplicate'),
  },
  {
    rule: 'inboundIsCountedExactly',
    how: 'doubled',
    when: 'a batch was done by two owners',
    broken: ({ held }) => {
      const counted = held.tallies.find(({ source, value }) => source === 'stream' && value === 'duplicate')!;
      counted.count += 1;
    },
  },
  {
    rule: 'inboundIsCountedExactly',
    how: 'doubled',
    when: 'a message of nobody was not counted',
    broken: ({ held }) => held.inbound.push({ partition: 0, offset: 999, source: '', skipped: false }),
  },
  {
    rule: 'inboundIsCountedExactly',
    how: 'lost',
    when: 'Kafka does not have what it acknowledged',
    broken: ({ held }) => {
      held.inbound = held.inbound.filter(({ kind }) => kind === 'poison');
    },
  },
  {
    rule: 'countsAreOfRows',
    how: 'other',
    when: 'loops are counted that are not there',
    broken: ({ held }) => change(held.loopTallies, any, { count: 99 }),
  },
  {
    rule: 'deadlinesAreMet',
    how: 'other',
    when: 'a loop expires before its time',
    broken: ({ held }) => change(held.history, ({ change: what }) => what === 'expired', { at: 0 }),
  },
  {
    rule: 'deadlinesAreMet',
    how: 'other',
    when: 'a loop expires before its time by the clock of the broker, though it says otherwise',
    broken: ({ held }) => change(held.loopEvents, ({ change: what }) => what === 'expired', { takenAt: 0 }),
  },
  {
    rule: 'deadlinesAreMet',
    how: 'doubled',
    when: 'a deadline fires twice',
    broken: ({ held }) => again(held.history, ({ change: what }) => what === 'expired', { version: 9 }),
  },
  {
    rule: 'deadlinesAreMet',
    how: 'lost',
    when: 'a deadline does not fire',
    broken: ({ held }) => {
      held.now += 3_600_000;
    },
  },
  {
    rule: 'deadlinesAreMet',
    how: 'lost',
    when: 'a resolved loop has no deadline',
    broken: ({ held }) => without(held.deadlines, any),
  },
  {
    rule: 'deadlinesAreMet',
    how: 'lost',
    when: 'a resolved loop never expires',
    broken: ({ held }) => {
      const loop = held.loops.find(({ state }) => state === 'resolved')!;
      delete loop.expiresAt;
    },
  },
  {
    rule: 'deadlinesAreMet',
    how: 'other',
    when: 'a deadline is of no loop',
    broken: ({ held }) => again(held.deadlines, any, { loopId: foreignId }),
  },
  {
    rule: 'clocksAreKept',
    how: 'lost',
    when: 'nobody is told of a promise that was not kept',
    broken: ({ held }) => {
      const { loopId } = held.loops.find(({ state }) => state === 'opened')!;
      change(held.history, (row) => row.loopId === loopId && row.change === 'opened', {
        ...{ terms: '2/standard/0/office', receivedAt: held.now - 3_600_000 },
      });
    },
  },
  {
    rule: 'poisonHasItsLetter',
    how: 'lost',
    when: 'poison vanished',
    broken: ({ held }) => without(held.letters, ({ topic }) => topic === 'feedback.inbound.v1'),
  },
  {
    rule: 'everyStepIsDelivered',
    how: 'lost',
    when: 'a step has no delivery',
    broken: ({ held }) => without(held.deliveries, ({ version }) => version === 2),
  },
  {
    rule: 'everyStepIsDelivered',
    how: 'lost',
    when: 'the team that a loop leaves does not hear of it',
    broken: ({ held }) => {
      const isEscalated = ({ change: what }: { change: string }): boolean => what === 'escalated';
      const { loopId, version } = held.history.find(isEscalated)!;
      change(held.history, isEscalated, { team: 'triage' });
      without(held.deliveries, (row) => row.loopId === loopId && row.version === version);
    },
  },
  {
    rule: 'everyStepIsDelivered',
    how: 'doubled',
    when: 'a step has two deliveries to one endpoint',
    broken: ({ held }) => again(held.deliveries, any, { deliveryId: foreignId }),
  },
  {
    rule: 'everyStepIsDelivered',
    how: 'doubled',
    when: 'a step that was rolled back is delivered',
    broken: ({ held }) => again(held.deliveries, any, { version: 99 }),
  },
  {
    rule: 'deliveriesHaveOneId',
    how: 'doubled',
    when: 'a delivery has another id at the second try',
    broken: ({ held }) => again(held.takings, any, { id: foreignId }),
  },
  {
    rule: 'deliveriesHaveOneId',
    how: 'doubled',
    when: 'one id says another version',
    broken: ({ held }) => again(held.takings, any, { version: 99 }),
  },
  {
    rule: 'deliveriesHaveOneId',
    how: 'doubled',
    when: 'the log has another id',
    broken: ({ held }) => change(held.deliveries, any, { deliveryId: foreignId }),
  },
  {
    rule: 'deliveriesArrive',
    how: 'lost',
    when: 'the receiver has no memory of what is said to be sent',
    broken: ({ held }) => without(held.takings, any),
  },
  {
    rule: 'deliveriesArrive',
    how: 'lost',
    when: 'a delivery was given up',
    broken: ({ held }) => change(held.deliveries, any, { state: 'given-up' }),
  },
  {
    rule: 'deliveriesArrive',
    how: 'doubled',
    when: 'something was sent that no log knows',
    broken: ({ held }) => without(held.deliveries, any),
  },
  {
    rule: 'deliveriesArrive',
    how: 'other',
    when: 'a request was not signed',
    broken: ({ held }) => held.unsigned.push('/teams/support'),
  },
  {
    rule: 'deliveriesComeInOrder',
    how: 'misordered',
    when: 'a later step of a loop is taken first',
    broken: ({ held }) => held.takings.reverse(),
  },
  {
    rule: 'inboxesAreTold',
    how: 'lost',
    when: 'a step is not in the inbox of its team',
    broken: ({ held }) => without(held.inbox, ({ version }) => version === 2),
  },
  {
    rule: 'inboxesAreTold',
    how: 'lost',
    when: 'a step is in the inbox under the id of another',
    broken: ({ held }) => change(held.inbox, any, { version: 99 }),
  },
  {
    rule: 'inboxesAreTold',
    how: 'doubled',
    when: 'an inbox has a step of another team',
    broken: ({ held }) => again(held.inbox, any, { team: 'triage', id: foreignId }),
  },
  {
    rule: 'followUpsAreRequestedOnce',
    how: 'lost',
    when: 'nobody is to be asked about a loop that was resolved',
    broken: ({ held }) => without(held.followUps, any),
  },
  {
    rule: 'followUpsAreRequestedOnce',
    how: 'lost',
    when: 'a follow-up is never decided',
    broken: ({ held }) => change(held.followUps, any, { state: 'pending' }),
  },
  {
    rule: 'followUpsAreRequestedOnce',
    how: 'doubled',
    when: 'a cycle has two follow-ups',
    broken: ({ held }) => again(held.followUps, any, { followUpId: foreignId }),
  },
  {
    rule: 'followUpsAreRequestedOnce',
    how: 'doubled',
    when: 'a follow-up is of a cycle that was never resolved',
    broken: ({ held }) => again(held.followUps, any, { cycle: 2 }),
  },
  {
    rule: 'followUpsComeInTime',
    how: 'other',
    when: 'somebody is asked about a loop that is not resolved any more',
    broken: ({ held }) => {
      change(held.history, ({ change: what }) => what === 'expired', { at: 0 });
    },
  },
  {
    rule: 'followUpsComeInTime',
    how: 'other',
    when: 'somebody is asked after the window',
    broken: ({ held }) => change(held.followUps, any, { handedOverAt: held.now }),
  },
  {
    rule: 'followUpsAreHandedOver',
    how: 'lost',
    when: 'no connector hears of a follow-up',
    broken: ({ held }) => without(held.replies, any),
  },
  {
    rule: 'followUpsAreHandedOver',
    how: 'doubled',
    when: 'a connector is asked to say it once more',
    broken: ({ held }) => again(held.replies, any, { replyId: foreignId }),
  },
  {
    rule: 'followUpsAreHandedOver',
    how: 'other',
    when: 'a follow-up counts as handed over that no connector could say',
    broken: ({ held }) => change(held.replies, any, { state: 'failed' }),
  },
  {
    rule: 'followUpsAreHandedOver',
    how: 'doubled',
    when: 'a follow-up was void and is said',
    broken: ({ held }) => change(held.followUps, any, { state: 'void' }),
  },
  {
    rule: 'repliesEndOnce',
    how: 'doubled',
    when: 'a reply is both sent and failed',
    broken: ({ held }) => again(held.replyResults, any, { result: 'failed' }),
  },
  {
    rule: 'repliesEndOnce',
    how: 'lost',
    when: 'nobody is told what came of a reply',
    broken: ({ held }) => without(held.replyResults, any),
  },
  {
    rule: 'repliesEndOnce',
    how: 'lost',
    when: 'ingestion never heard of a reply',
    broken: ({ held }) => without(held.sendings, any),
  },
  {
    rule: 'repliesEndOnce',
    how: 'lost',
    when: 'a reply has no end',
    broken: ({ held }) => change(held.replies, any, { state: 'requested' }),
  },
  {
    rule: 'repliesEndOnce',
    how: 'doubled',
    when: 'an answer has an id that is not of its version',
    broken: ({ held }) => change(held.replies, any, { kind: 'answer', version: 1 }),
  },
  {
    rule: 'repliesEndOnce',
    how: 'doubled',
    when: 'ingestion sends what nobody asked for',
    broken: ({ held }) => again(held.sendings, any, { replyId: foreignId }),
  },
  {
    rule: 'repliesArrive',
    how: 'lost',
    when: 'a customer never read what is said to be sent',
    broken: ({ held }) => without(held.replyTakings, any),
  },
  {
    rule: 'repliesArrive',
    how: 'doubled',
    when: 'a reply comes again under another id',
    broken: ({ held }) => again(held.replyTakings, any, { id: foreignId }),
  },
  {
    rule: 'repliesArrive',
    how: 'doubled',
    when: 'a customer reads what nobody asked for',
    broken: ({ held }) => again(held.replyTakings, any, { id: foreignId, replyId: foreignId }),
  },
];

const findingsOf = ({ heard, held }: World, rule: string): Broken[] => [...rules[rule]!(heard, held)];

/** The rule that says that nothing dies is red wherever something does. */
const whole = stories.filter(({ dies }) => !dies);

describe('the oracle', () => {
  it('finds nothing where everything went as it was promised', () => {
    const { heard, held } = worldOf(whole);
    const verdict = judge(heard, held);
    expect({ ...verdict.phases, other: verdict.other, good: verdict.good }).toEqual({
      quiet: { accepted: 6, undetermined: 0, rejected: 0, lost: [], doubled: [], misordered: [] },
      storm: { accepted: 2, undetermined: 0, rejected: 1, lost: [], doubled: [], misordered: [] },
      other: [],
      good: true,
    });
  });

  it('finds nothing in any such world (any stories)', () => {
    fc.assert(
      fc.property(fc.array(storyArbitrary, { maxLength: 12 }), (told) => {
        const { heard, held } = worldOf(told);
        expect(judge(heard, held).good).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it.each(cases)('$rule: given $when, then it is $how', ({ rule, how, broken }) => {
    const world = worldOf(stories);
    const before = rule === 'soundDoesNotDie' ? [] : findingsOf(world, rule);
    expect(before).toEqual([]);
    broken(world);
    expect(findingsOf(world, rule).map((finding) => finding.how)).toContain(how);
  });

  it('has a case for every rule', () => {
    expect(new Set(cases.map(({ rule }) => rule))).toEqual(new Set(Object.keys(rules)));
  });

  it('puts a finding into the phase in which the feedback was begun, whether it is about it or about its loop', () => {
    const world = worldOf(whole);
    const { feedbackId } = world.held.settlements[0]!;
    without(world.held.settlements, any);
    without(world.held.history, ({ version }) => version === 3);
    const { phases, good } = judge(world.heard, world.held);
    expect(good).toBe(false);
    expect(phases['storm']).toMatchObject({ lost: [], doubled: [] });
    expect(phases['quiet']!.lost.map(({ rule }) => rule)).toEqual(
      expect.arrayContaining(['eachHasOneEnd', 'historiesAreWhole', 'toldTransitionsHappened']),
    );
    expect(phases['quiet']!.lost).toContainEqual(expect.objectContaining({ phase: 'quiet', id: feedbackId }));
  });

  it('lets what nothing certain was heard of be there or not', () => {
    const world = worldOf(whole);
    for (const told of world.heard.told) {
      if (told.submission.via === 'kafka') continue;
      told.undetermined = 1;
      delete told.answer;
    }
    expect(judge(world.heard, world.held)).toMatchObject({ good: true, phases: { quiet: { undetermined: 8 } } });
  });

  it('sees whatever one row is taken away, of any table and topic', () => {
    const tables = [
      'ledger',
      'revisions',
      'letters',
      'standings',
      'settled',
      'settlements',
      'loops',
      'history',
      'events',
      'loopEvents',
      'topicLetters',
      'deadlines',
      'loopTallies',
      'tallies',
      'endpoints',
      'deliveries',
      'takings',
      'inbox',
      'followUps',
      'replies',
      'sendings',
      'replyResults',
      'replyTakings',
    ] as const;
    fc.assert(
      fc.property(fc.constantFrom(...tables), fc.nat(), (table, at) => {
        const world = worldOf(whole);
        const rows: unknown[] = world.held[table];
        // once is enough for an event that was sent several times
        rows.splice(at % rows.length, 1);
        expect(judge(world.heard, world.held).good).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('takes an event that was sent again, under its own id, as harmless', () => {
    fc.assert(
      fc.property(fc.constantFrom('events' as const, 'loopEvents' as const), fc.nat(), (table, at) => {
        const world = worldOf(whole);
        const rows = world.held[table] as { offset: number }[];
        rows.push({ ...rows[at % rows.length]!, offset: 10_000 });
        expect(judge(world.heard, world.held).good).toBe(true);
      }),
    );
  });

  it('takes what a receiver took twice, under one id, as harmless', () => {
    const world = worldOf(whole);
    world.held.takings.push(...world.held.takings);
    world.held.replyTakings.push(...world.held.replyTakings);
    expect(judge(world.heard, world.held).good).toBe(true);
  });

  it('counts the results of a shuffled log as contracts.md does', () => {
    const world = worldOf([{ revisions: 3, wish: 'none', via: 'kafka' }]);
    // the newest first: the others are stale
    world.held.inbound.reverse();
    count(world);
    const stream = (value: string) =>
      world.held.tallies.find((tally) => tally.source === 'stream' && tally.value === value);
    expect(findingsOf(world, 'inboundIsCountedExactly')).not.toEqual([]);
    without(world.held.tallies, (tally) => tally === stream('revised'));
    world.held.tallies.push({ ...stream('accepted')!, value: 'stale', count: 2 });
    expect(findingsOf(world, 'inboundIsCountedExactly')).toEqual([]);
  });
});

const storyArbitrary: fc.Arbitrary<Story> = fc.record(
  {
    revisions: fc.integer({ min: 1, max: 4 }),
    wish: fc.constantFrom('open' as const, 'none' as const),
    via: fc.constantFrom('single' as const, 'kafka' as const),
    deleted: fc.boolean(),
    again: fc.integer({ min: 0, max: 2 }),
    commands: fc.integer({ min: 0, max: 3 }),
    poison: fc.boolean(),
    resolved: fc.constantFrom('waits' as const, 'expires' as const),
  },
  { requiredKeys: ['revisions', 'wish'] },
);
