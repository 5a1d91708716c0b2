import { Injectable } from '@nestjs/common';
import { EmergingAlerts } from '../domain/emerging/emerging-alerts.js';
import type { ShownIssue } from '../domain/emerging/emerging-store.js';
import type { SeriesKey } from '../domain/emerging/series.js';
import { RaiseInsight } from './raise-insight.handler.js';

/**
 * What emerged becomes an insight: of the team that owns the topic, place or product; where no rule names one, of the team that most of the feedback
 * is of. From there it goes the way of all insights, to the endpoints of that team.
 */
@Injectable()
export class RaiseEmerging extends EmergingAlerts {
  constructor(private readonly raising: RaiseInsight) {
    super();
  }

  override async raise({
    emergingId,
    key,
    since,
    lastDay,
    observed,
    expected,
    interval,
    team,
    carriedBy,
    feedback,
  }: ShownIssue) {
    const { topic, location, product } = key;
    const where = [location, product].filter((each) => each !== null).join(', ');
    const [low, high] = interval.map((each) => each.toFixed(1));
    const parts = carriedBy.map(
      (part) => `${nameOf(part, key)} ${part.observed} where ${part.expected.toFixed(1)} were usual`,
    );
    const result = await this.raising.bySystem('emerging', emergingId, {
      title: `${topic ?? 'Feedback'} is on the rise${where && `: ${where}`}`.slice(0, 200),
      claim:
        `From ${dateOf(since)} to ${dateOf(lastDay)} ${observed} feedback${topic === null ? '' : ` on ${topic}`} came${where && ` (${where})`}, ` +
        `where ${expected.toFixed(1)} were expected: ${low} to ${high} times as much.` +
        (parts.length > 0 ? ` Most of it: ${parts.join('; ')}.` : ''),
      about: {
        ...(topic !== null && { topic }),
        ...(location !== null && { location }),
        ...(product !== null && { product }),
      },
      ...(team !== null && { usualTeam: team }),
      loopIds: [...new Set(feedback.flatMap(({ loopId }) => loopId ?? []))],
      feedbackIds: feedback.map(({ feedbackId }) => feedbackId),
    });
    return result.kind === 'invalid' ? undefined : result.insight.insightId;
  }
}

/** What it is narrower by than the whole */
const nameOf = (part: SeriesKey, whole: SeriesKey): string =>
  (part.topic !== whole.topic ? part.topic : part.location !== whole.location ? part.location : part.product) ?? '';

const dateOf = (day: number): string => new Date(day * 86_400_000).toISOString().slice(0, 10);
