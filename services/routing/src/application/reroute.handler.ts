import { randomUUID } from 'node:crypto';
import type { KeptFeedback } from '../domain/kept-store.js';
import { comesToTheSame, type Reroute } from '../domain/reroute.js';
import type { NewReroute, RerouteStore } from '../domain/reroute-store.js';
import { routeFeedback, type OnFailure } from '../domain/route-feedback.js';
import type { ActiveRules } from './active-rules.js';

/** Most feedback of one transaction: a frozen replica holds no more than these. */
const batch = 100;

/** Routes a period anew by the active rules: new revisions of the routes that change, told to all who read them, no faster than asked. */
export class ReroutePeriod {
  constructor(
    private readonly reroutes: RerouteStore,
    private readonly activeRules: ActiveRules,
    private readonly onFailure: (ruleSetVersion: number, ...failure: Parameters<OnFailure>) => void,
  ) {}

  async ask(period: Pick<NewReroute, 'from' | 'to' | 'perSecond' | 'reason' | 'askedBy'>): Promise<Reroute> {
    await this.activeRules.refresh();
    const { version } = this.activeRules.current.ruleSet;
    return this.reroutes.add({ ...period, rerouteId: randomUUID(), ruleSetVersion: version });
  }

  /** One batch of one that is due; false where none is. @throws BackPressure while too much waits to be sent */
  async step(): Promise<boolean> {
    return this.reroutes.step(async (step) => {
      const { reroute, kept } = step;
      await this.activeRules.refresh();
      const { ruleSet, fallbacks } = this.activeRules.current;
      // It was asked for these rules, and the others route by their own from now on.
      if (ruleSet.version !== reroute.ruleSetVersion) return step.end('stopped', 'other-rules-active');
      const next = await step.next(Math.min(batch, reroute.perSecond));
      if (next.length === 0) return step.end('done');
      const failed: OnFailure = (...failure) => this.onFailure(ruleSet.version, ...failure);
      const rerouted: KeptFeedback[] = [];
      let moved = 0;
      for (const one of await kept.lock(next.map(({ feedbackId }) => feedbackId))) {
        const route = routeFeedback(ruleSet, one.feedback, one.tags, failed, fallbacks);
        if (comesToTheSame(one.route, route)) continue;
        rerouted.push({ ...one, route, routeRevision: one.routeRevision + 1 });
        if (route.team !== one.route.team) moved += 1;
      }
      await kept.reroute(rerouted);
      const counts = { lookedAt: next.length, rerouted: rerouted.length, moved };
      await step.goOn(counts, (next.length / reroute.perSecond) * 1_000);
    });
  }

  /** Milliseconds until there is something to do; undefined where nothing is asked for */
  untilNext(): Promise<number | undefined> {
    return this.reroutes.untilNext();
  }
}
