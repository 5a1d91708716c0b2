declare module 'vader-sentiment' {
  export const SentimentIntensityAnalyzer: {
    /** compound: -1 (all negative) to 1 (all positive) */
    polarity_scores(text: string): { compound: number; neg: number; neu: number; pos: number };
  };
}
