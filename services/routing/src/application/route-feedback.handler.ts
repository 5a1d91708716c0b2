import { hopEventId, type FeedbackRouted, type FeedbackTagged } from '@closeloop/contracts';
import { routeFeedback, type OnFailure } from '../domain/route-feedback.js';
import type { ActiveRules } from './active-rules.js';

/** The first routing of these tags; a reroute is the next. */
const routeRevision = 1;

/** A routed feedback and the id of the event that says so. */
export interface RoutedFeedback {
  id: string;
  data: FeedbackRouted;
}

/** Routes one revision of a feedback. The same tags give the same id, whatever the rules of the day. */
export class RouteFeedbackHandler {
  constructor(
    private readonly activeRules: ActiveRules,
    private readonly onFailure: (ruleSetVersion: number, ...failure: Parameters<OnFailure>) => void,
  ) {}

  handle({ feedback, tagRevision, tags }: FeedbackTagged): RoutedFeedback {
    const { feedbackId, revision, contentHash } = feedback;
    const { ruleSet, fallbacks } = this.activeRules.current;
    const failed: OnFailure = (...failure) => this.onFailure(ruleSet.version, ...failure);
    const route = feedback.kind === 'deleted' ? null : routeFeedback(ruleSet, feedback, tags, failed, fallbacks);
    return {
      id: hopEventId('routed', { feedbackId, revision, tagRevision, routeRevision, contentHash }),
      data: { feedback, tagRevision, tags, routeRevision, route },
    };
  }
}
