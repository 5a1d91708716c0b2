/** A loop as the loop service shows it; instants are RFC 3339. */
export const loopStates = [
  'opened',
  'reopened',
  'acknowledged',
  'responded',
  'resolved',
  'verified',
  'closed-unverified',
  'dismissed',
  'withdrawn',
] as const;
export type LoopState = (typeof loopStates)[number];

export const openStates: readonly LoopState[] = ['opened', 'reopened', 'acknowledged', 'responded', 'resolved'];

export const priorities = ['critical', 'high', 'medium', 'low'] as const;
export type Priority = (typeof priorities)[number];

export type ClockName = 'customer' | 'business';

/** One clock of one target. */
export interface ClockReading {
  readonly elapsedMs: number;
  readonly limitMs?: number;
  /** When the limit is reached; absent while the clock stands still, and once the target was kept */
  readonly dueAt?: string;
  readonly breached: boolean;
}

export type Clocks = Readonly<Record<ClockName, ClockReading>>;

export interface Rating {
  readonly value: number;
  readonly scale: number;
}

/** What opened a loop, shortened for a list; absent once it is erased. */
export interface Glimpse {
  readonly feedbackId: string;
  readonly title?: string;
  readonly excerpt?: string;
  readonly author?: string;
  readonly sentiment?: string;
  readonly language?: string;
  readonly rating?: Rating;
}

export interface Loop {
  readonly loopId: string;
  readonly version: number;
  readonly state: LoopState;
  readonly cycle: number;
  readonly level: number;
  readonly team: string;
  readonly priority: Priority;
  readonly owner?: string;
  readonly waiting: boolean;
  readonly closed: boolean;
  readonly topics: readonly string[];
  readonly channel?: string;
  readonly historic: boolean;
  readonly receivedAt: string;
  readonly openedAt: string;
  readonly firstRespondedAt?: string;
  readonly resolvedAt?: string;
  readonly closedAt?: string;
  readonly expiresAt?: string;
  /** Earliest limit that is still to be kept, on either clock */
  readonly dueAt?: string;
  readonly sla?: { readonly terms: string; readonly firstResponse: Clocks; readonly resolution: Clocks };
}

export interface ListedLoop extends Loop {
  readonly glimpse?: Glimpse;
}

export interface LoopPage {
  readonly items: readonly ListedLoop[];
  readonly cursor?: string;
}

/** Characters [start, end) of a field that weighed in what the tagger says. */
export interface Evidence {
  readonly field: 'text' | 'title' | 'rating';
  readonly start: number;
  readonly end: number;
  readonly weight: number;
}

export interface Judged {
  readonly label: string;
  readonly score: number;
  readonly confidence: number;
}

export interface Tags {
  readonly language: { readonly tag: string; readonly confidence: number };
  readonly sentiment?: Judged;
  readonly emotions?: readonly { readonly name: string; readonly confidence: number }[];
  readonly topics?: readonly { readonly name: string; readonly confidence: number; readonly sentiment?: Judged }[];
  readonly intent?: { readonly name: string; readonly confidence: number };
  readonly urgency?: { readonly level: string; readonly reasons: readonly string[]; readonly confidence: number };
  readonly ratingMismatch?: boolean;
  readonly evidence?: readonly Evidence[];
  readonly model: string;
  readonly taggedBy: 'model' | 'human';
}

export interface Feedback {
  readonly feedbackId: string;
  readonly revision: number;
  readonly source: string;
  readonly channel: string;
  readonly author?: { readonly externalId?: string; readonly name?: string; readonly handle?: string };
  readonly customerKey?: string;
  readonly title?: string;
  readonly text?: string;
  readonly rating?: Rating;
  readonly survey?: { readonly metric: string; readonly score: number; readonly scale: number };
  readonly url?: string;
  readonly location?: string;
  readonly product?: string;
  readonly touchpoint?: string;
  readonly journeyStage?: string;
  readonly segments?: readonly string[];
  readonly occurredAt?: string;
  readonly receivedAt: string;
}

/** Why it is with this team. */
export interface Route {
  readonly team: string;
  readonly priority: Priority;
  readonly slaPolicy: string;
  readonly labels: readonly string[];
  readonly loop: string;
  readonly ruleSetVersion: number;
  readonly rule: string;
}

/** A feedback in a loop; its words are absent once they are deleted or erased. */
export interface LoopFeedback {
  readonly feedbackId: string;
  readonly source: string;
  readonly revision: number;
  readonly outcome: string;
  readonly as?: 'loop' | 'joined';
  readonly receivedAt: string;
  /** What else the customer said is found by it */
  readonly customerKey?: string;
  readonly feedback?: Feedback;
  readonly tags?: Tags | null;
  readonly route?: Route;
}

export interface LoopEvent {
  readonly version: number;
  readonly at: string;
  readonly change: string;
  readonly note?: string;
  readonly actor: { readonly kind: 'system' | 'agent' | 'customer' | 'source'; readonly id?: string };
  readonly owner?: string;
  readonly team?: string;
  readonly priority?: Priority;
  readonly channel?: string;
  readonly evidence?: string;
  readonly words?: { readonly text?: string };
}

export interface Writing {
  readonly agent: string;
  readonly since: string;
  readonly until: string;
}

export interface Draft {
  readonly agent: string;
  readonly at: string;
  readonly feedbackId: string;
  readonly revision: number;
  readonly text: string;
  readonly stale: boolean;
}

export interface Reply {
  readonly replyId: string;
  readonly version?: number;
  readonly state: 'requested' | 'sent' | 'failed';
  readonly requestedAt: string;
  readonly reason?: string;
  readonly message?: string;
}

export interface FollowUp {
  readonly followUpId: string;
  readonly cycle: number;
  readonly state: string;
  readonly reason?: string;
  readonly requestedAt: string;
  readonly answeredAt?: string;
  readonly score?: number;
  readonly question?: string;
  readonly outcome?: string;
}

/** A loop with all that belongs to it. */
export interface WholeLoop extends Loop {
  readonly history: readonly LoopEvent[];
  readonly feedback: readonly LoopFeedback[];
  readonly drafts: readonly Draft[];
  readonly writing: readonly Writing[];
  readonly replies: readonly Reply[];
  readonly followUps: readonly FollowUp[];
}

export interface Suggestion {
  readonly similarity: number;
  readonly loopId: string;
  readonly at: string;
  readonly text: string;
  readonly channel: string;
  readonly verified: boolean;
  readonly excerpt: string;
}

export interface Template {
  readonly templateId: string;
  readonly name: string;
  readonly fallback: string;
  readonly variables: readonly {
    readonly name: string;
    readonly type: 'text' | 'number' | 'date' | 'money' | 'url' | 'choice';
    readonly required: boolean;
    readonly values?: readonly string[];
  }[];
}

export interface Counted {
  readonly total: number;
  readonly open: number;
  readonly closed: number;
  readonly verified: number;
  readonly byState: Readonly<Partial<Record<LoopState, number>>>;
}

export interface Counts extends Counted {
  readonly byTeam: Readonly<Record<string, Counted>>;
}
