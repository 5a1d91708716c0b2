import { createRequire } from 'node:module';

/** A package of npm that says how a text feels, as people use it. */
export interface SentimentPackage {
  /** With its version */
  readonly name: string;
  readonly judge: (text: string) => 'negative' | 'neutral' | 'positive';
}

const load = createRequire(import.meta.url);

const versionOf = (name: string): string => (load(`${name}/package.json`) as { version: string }).version;

const bySign = (score: number, from: number): ReturnType<SentimentPackage['judge']> =>
  score >= from && score > 0 ? 'positive' : score <= -from && score < 0 ? 'negative' : 'neutral';

/** Those without a confidence, none of which says how sure it is. Installed for development only. */
export function sentimentPackages(): SentimentPackage[] {
  const { SentimentIntensityAnalyzer: vader } = load('vader-sentiment') as {
    SentimentIntensityAnalyzer: { polarity_scores(text: string): { compound: number } };
  };
  const wink = load('wink-sentiment') as (text: string) => { score: number };
  const Afinn = load('sentiment') as new () => { analyze(text: string): { score: number } };
  const afinn = new Afinn();
  return [
    // The thresholds of its README
    {
      name: `vader-sentiment@${versionOf('vader-sentiment')}`,
      judge: (text) => bySign(vader.polarity_scores(text).compound, 0.05),
    },
    { name: `wink-sentiment@${versionOf('wink-sentiment')}`, judge: (text) => bySign(wink(text).score, 0) },
    { name: `sentiment@${versionOf('sentiment')}`, judge: (text) => bySign(afinn.analyze(text).score, 0) },
  ];
}
