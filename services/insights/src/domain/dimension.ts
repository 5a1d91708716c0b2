/** By what a number can be split or filtered, of feedback and of loops (a loop's are those of the feedback that opened it, but its own team). */
export const feedbackDimensions = [
  'channel',
  'touchpoint',
  'journeyStage',
  'location',
  'product',
  'segment',
  'team',
  'topic',
  'language',
  'source',
] as const;
export type FeedbackDimension = (typeof feedbackDimensions)[number];

/** Of loops besides: `priority`, and `cohort`, the ISO week in which the loop was opened */
export const dimensions = [...feedbackDimensions, 'priority', 'cohort', 'age'] as const;
export type Dimension = (typeof dimensions)[number];

/** What values are kept of in the dictionary, each under its number there: the place in this list, so that new ones come last. */
export const vocabularies = [...feedbackDimensions, 'priority', 'question'] as const;
export type Vocabulary = (typeof vocabularies)[number];

/** A value of a dimension as the dictionary knows it; `unsaid` where the feedback says none. */
export type ValueId = number;
export const unsaid: ValueId = 0;

/** A feedback has any number of them. */
export type ManyValued = 'segment' | 'topic';
export const isManyValued = (dimension: string): dimension is ManyValued =>
  dimension === 'segment' || dimension === 'topic';
