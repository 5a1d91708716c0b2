import { type LoopChanged } from '@closeloop/contracts';
import { Injectable } from '@nestjs/common';
import { CountSums } from '../domain/cube.js';
import { type Vocabulary } from '../domain/dimension.js';
import { fcrOf, loopFactOf, type LoopStep } from '../domain/loop-fact.js';
import {
  Dictionary,
  ModelStore,
  type CountedLoop,
  type LoopNews,
  type ModelTransaction,
  type Place,
} from '../domain/model-store.js';

/** Keeps what is counted of loops: every step by its version, whatever came first, and what they come to. */
@Injectable()
export class KeepLoops {
  constructor(
    private readonly store: ModelStore,
    private readonly dictionary: Dictionary,
  ) {}

  /** @param rebuild of which rebuild these were sent again for */
  async handle(batch: readonly LoopChanged[], transaction: object, rebuild?: string): Promise<void> {
    const events = batch.filter(({ loop }) => loop !== null);
    if (events.length === 0) return;
    const models = await this.store.within(transaction, rebuild);
    if (models.length === 0) return;
    const numberOf = await this.dictionary.numbersOf(
      new Map<Vocabulary, Set<string>>([
        ['team', new Set(events.map(({ loop }) => loop!.team))],
        ['priority', new Set(events.map(({ loop }) => loop!.priority))],
      ]),
    );
    const steps = events.map(({ loopId, version, change, note, at, loop, feedback }): LoopStep => {
      const { state, cycle, team, priority, owner, clocks } = loop!;
      return {
        ...{ loopId, version, change, at: new Date(at), state, cycle },
        ...{ team: numberOf('team', team), priority: numberOf('priority', priority) },
        ...(note != null && { note }),
        ...(owner != null && { owner }),
        ...(feedback && change === 'opened' && { openedBy: feedback.feedbackId }),
        ...(clocks && { clocks }),
      };
    });
    const places = placesOf(events);
    for (const [at, model] of models.entries()) {
      const appended = await this.keep(model, steps, places);
      // one of them is enough to hear it from, and what was sent again for a rebuild is no news
      if (at > 0 || rebuild !== undefined) continue;
      const news = new Map(events.map((event) => [`${event.loopId}/${event.version}`, event]));
      await model.tell(appended.map(({ loopId, version }) => newsOf(news.get(`${loopId}/${version}`)!)));
    }
  }

  private async keep(
    model: ModelTransaction,
    given: readonly LoopStep[],
    places: readonly Place[],
  ): Promise<readonly Pick<LoopStep, 'loopId' | 'version'>[]> {
    await model.savePlaces(places);
    const appended = await model.appendSteps(given);
    const loopIds = [...new Set(appended.map(({ loopId }) => loopId))].sort();
    if (loopIds.length === 0) return appended;
    const steps = await model.steps(loopIds);
    const before = await model.loops(loopIds);
    const facts = loopIds.flatMap((loopId) => loopFactOf(steps.get(loopId) ?? []) ?? []);
    const openers = await model.feedback(facts.flatMap(({ openedBy }) => openedBy ?? []));
    const returns = await model.returns(
      facts.flatMap(({ openedBy, ...fact }) => (openedBy === undefined ? [] : [{ ...fact, openedBy }])),
    );
    const sums = new CountSums();
    const counted: CountedLoop[] = [];
    for (const fact of facts) {
      const fcr = fcrOf(fact, returns.get(fact.loopId) ?? 'unknown');
      const marks = [...fact.marks, ...(fcr ? [fcr] : [])];
      const opener = fact.openedBy === undefined ? undefined : openers.get(fact.openedBy);
      const known = before.get(fact.loopId);
      if (known) sums.addLoop(known, known.marks, opener, -1);
      sums.addLoop(fact, marks, opener, 1);
      counted.push({ fact, marks });
    }
    await model.saveLoops(counted);
    await model.addCounts(sums.counts());
    return appended;
  }
}

const newsOf = ({ loopId, version, change, note, at, loop }: LoopChanged): LoopNews => ({
  ...{ loopId, version, change, team: loop!.team, state: loop!.state, at },
  ...(note != null && { note }),
});

/** Where feedback is by its settlements: a feedback has one place, the last one told. */
function placesOf(events: readonly LoopChanged[]): Place[] {
  const places = new Map<string, Place>();
  for (const { loopId, feedback } of events) {
    if (!feedback) continue;
    const { feedbackId, settlement } = feedback;
    if ((places.get(feedbackId)?.settlement ?? 0) < settlement)
      places.set(feedbackId, { feedbackId, settlement, loopId });
  }
  return [...places.values()].sort((one, other) => (one.feedbackId < other.feedbackId ? -1 : 1));
}
