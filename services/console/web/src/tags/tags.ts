/** What the learning service answers. */

export const sentimentLabels = ['negative', 'neutral', 'positive', 'mixed'] as const;
export const emotionNames = ['anger', 'disgust', 'fear', 'joy', 'sadness', 'surprise', 'neutral'] as const;
export const intentNames = ['complaint', 'question', 'suggestion', 'praise', 'churn-threat', 'request'] as const;
export const urgencyLevels = ['low', 'medium', 'high', 'critical'] as const;

interface Sure {
  /** Share 0..1 */
  readonly confidence: number;
}

interface Sentiment extends Sure {
  readonly label: string;
  readonly score: number;
}

export interface Tags {
  readonly language: Sure & { readonly tag: string };
  readonly sentiment?: Sentiment;
  readonly emotions?: readonly (Sure & { readonly name: string })[];
  readonly topics?: readonly (Sure & { readonly name: string; readonly sentiment?: Sentiment })[];
  readonly intent?: Sure & { readonly name: string };
  readonly urgency?: Sure & { readonly level: string; readonly reasons: readonly string[] };
  readonly ratingMismatch?: boolean;
  readonly spamOrEmpty?: boolean;
  readonly evidence?: readonly Evidence[];
  readonly model: string;
  readonly taggedBy: 'model' | 'human';
}

/** Characters [start, end) of a field, and which way they moved the sentiment. */
export interface Evidence {
  readonly field: 'text' | 'title' | 'rating';
  readonly start: number;
  readonly end: number;
  readonly weight: number;
}

export interface WholeTags {
  readonly feedbackId: string;
  readonly revision: number;
  readonly tagRevision: number;
  readonly tags: Tags;
  readonly corrections: readonly {
    readonly revision: number;
    readonly tagRevision: number;
    readonly by: string;
    readonly at: string;
    readonly said: Correction;
  }[];
}

/** What a person says; what is left out stays. */
export interface Correction {
  readonly language?: string;
  readonly sentiment?: string;
  readonly emotions?: readonly string[];
  readonly topics?: readonly { readonly name: string; readonly sentiment?: string }[];
  readonly intent?: string | null;
  readonly urgency?: string;
  readonly spamOrEmpty?: boolean;
}

/** The tags as a form has them. */
export interface TagForm {
  readonly language: string;
  readonly sentiment: string;
  readonly emotions: readonly string[];
  readonly topics: readonly { readonly name: string; readonly sentiment: string }[];
  /** '' for none */
  readonly intent: string;
  readonly urgency: string;
  readonly spamOrEmpty: boolean;
}

export const formOf = (tags: Tags): TagForm => ({
  language: tags.language.tag,
  sentiment: tags.sentiment?.label ?? '',
  emotions: tags.emotions?.map(({ name }) => name) ?? [],
  topics: tags.topics?.map(({ name, sentiment }) => ({ name, sentiment: sentiment?.label ?? '' })) ?? [],
  intent: tags.intent?.name ?? '',
  urgency: tags.urgency?.level ?? '',
  spamOrEmpty: tags.spamOrEmpty ?? false,
});

/** Parts of a form that somebody has looked at: what was changed, and what was said to be right. */
export function correctionOf(form: TagForm, tags: Tags, confirmed: ReadonlySet<keyof TagForm>): Correction {
  const before = formOf(tags);
  const said = (part: keyof TagForm) =>
    confirmed.has(part) || JSON.stringify(before[part]) !== JSON.stringify(form[part]);
  return {
    ...(said('language') && form.language !== '' && { language: form.language }),
    ...(said('sentiment') && form.sentiment !== '' && { sentiment: form.sentiment }),
    ...(said('emotions') && { emotions: form.emotions }),
    ...(said('topics') && {
      topics: form.topics.map(({ name, sentiment }) => ({ name, ...(sentiment !== '' && { sentiment }) })),
    }),
    ...(said('intent') && { intent: form.intent === '' ? null : form.intent }),
    ...(said('urgency') && form.urgency !== '' && { urgency: form.urgency }),
    ...(said('spamOrEmpty') && { spamOrEmpty: form.spamOrEmpty }),
  };
}

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/i;

/** The id in what somebody has pasted: an id, or an address that has one. */
export const idIn = (text: string): string | undefined => uuid.exec(text)?.[0].toLowerCase();
