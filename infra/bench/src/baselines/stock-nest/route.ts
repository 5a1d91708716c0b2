import { type FeedbackTaggedDto } from './feedback.dto.js';

export interface Route {
  readonly team: string;
  readonly priority: string;
  readonly loop: 'open';
}

/** Every feedback opens a loop here, so that as many rows are written as by what it is compared with. */
export function routeOf({ journeyStage, rating, tags }: FeedbackTaggedDto): Route {
  const stars = rating === undefined ? undefined : rating.value / rating.scale;
  const angry = tags.sentiment === 'negative' && (tags.score < -0.6 || (stars !== undefined && stars <= 0.2));
  return {
    team: teams[journeyStage ?? ''] ?? 'support',
    priority: angry ? 'high' : tags.sentiment === 'negative' ? 'medium' : 'low',
    loop: 'open',
  };
}

const teams: Readonly<Record<string, string>> = { purchase: 'billing', renewal: 'billing', use: 'product' };
