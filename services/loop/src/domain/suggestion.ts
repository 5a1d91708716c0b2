/** Words as they are searched, each with how often it occurs. */
export type Bag = ReadonlyMap<string, number>;

/** An answer that a team has given, to feedback that says something of the same. */
export interface PastAnswer {
  readonly loopId: string;
  readonly version: number;
  readonly at: Date;
  readonly text: string;
  readonly channel: string;
  /** The customer said that it was closed so */
  readonly verified: boolean;
  /** The beginning of what it answered */
  readonly excerpt: string;
  readonly words: Bag;
}

export interface Suggestion {
  readonly answer: PastAnswer;
  /** 0..1: cosine of what both say, rare words counting more */
  readonly similarity: number;
}

/** Below this two feedback have words in common, and not a matter. */
export const minSimilarity = 0.25;
const most = 3;
/** How much nearer an answer is taken to be when its customer has confirmed it. */
const verifiedWeight = 1.15;

/** The answers to what is most like it, those that customers have confirmed before others; each wording once, three at most. */
export function suggest(words: Bag, past: readonly PastAnswer[]): Suggestion[] {
  const documents = [words, ...past.map((answer) => answer.words)];
  const occursIn = new Map<string, number>();
  for (const document of documents)
    for (const word of document.keys()) occursIn.set(word, (occursIn.get(word) ?? 0) + 1);
  const weights = documents.map((document) => {
    const weighted = new Map<string, number>();
    for (const [word, times] of document) {
      weighted.set(word, (1 + Math.log(times)) * Math.log(1 + documents.length / occursIn.get(word)!));
    }
    return weighted;
  });
  const [wanted, ...others] = weights;
  const ranked = past
    .map((answer, index) => ({ answer, similarity: cosine(wanted!, others[index]!) }))
    .filter(({ similarity }) => similarity >= minSimilarity)
    .sort((a, b) => rankOf(b) - rankOf(a) || b.answer.at.getTime() - a.answer.at.getTime());
  const said = new Set<string>();
  return ranked
    .filter(({ answer: { text } }) => {
      const wording = text.trim();
      return said.has(wording) ? false : said.add(wording);
    })
    .slice(0, most);
}

const rankOf = ({ answer, similarity }: Suggestion): number => similarity * (answer.verified ? verifiedWeight : 1);

function cosine(a: Bag, b: Bag): number {
  let dot = 0;
  for (const [word, weight] of a) dot += weight * (b.get(word) ?? 0);
  const length = (bag: Bag): number => Math.sqrt([...bag.values()].reduce((sum, weight) => sum + weight * weight, 0));
  return dot === 0 ? 0 : Math.min(1, dot / (length(a) * length(b)));
}
