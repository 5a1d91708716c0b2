import { type InsightAbout } from '@closeloop/contracts';

/** By what a team can own a part of the experience. */
export const ownedBy = ['topic', 'touchpoint', 'journeyStage', 'location', 'product'] as const;
export type OwnedBy = (typeof ownedBy)[number];

/** Who owns what is all of this; a topic with one level (`billing`) has those below it too. */
export type OwnershipRule = Pick<InsightAbout, OwnedBy> & { readonly team: string };

/** Who in the company can change what. */
export interface Ownership {
  readonly version: number;
  /** Who owns what no rule names */
  readonly defaultTeam: string;
  readonly rules: readonly OwnershipRule[];
}

export const firstOwnership: Omit<Ownership, 'version'> = { defaultTeam: 'product', rules: [] };

const covers = (owned: string, topic: string): boolean => owned === topic || topic.startsWith(`${owned}/`);

function applies(rule: OwnershipRule, about: InsightAbout): boolean {
  return ownedBy.every((name) => {
    const owned = rule[name];
    const said = about[name];
    if (owned == null) return true;
    if (said == null) return false;
    return name === 'topic' ? covers(owned, said) : owned === said;
  });
}

/** How narrow a rule is: the more it names the narrower; then a place before a product, a touchpoint, a topic, a stage. */
function specificity(rule: OwnershipRule): readonly number[] {
  const names = (name: OwnedBy): number => (rule[name] == null ? 0 : 1);
  return [
    ownedBy.reduce((sum, name) => sum + names(name), 0),
    ...[names('location'), names('product'), names('touchpoint')],
    names('topic') + (rule.topic?.includes('/') ? 1 : 0),
    names('journeyStage'),
  ];
}

/** The team that can change what an insight is about: by the most specific rule; of two that are as specific the earlier. */
export function ownerOf(about: InsightAbout, { rules, defaultTeam }: Omit<Ownership, 'version'>): string {
  let best: { readonly team: string; readonly rank: readonly number[] } | undefined;
  for (const rule of rules) {
    if (!applies(rule, about)) continue;
    const rank = specificity(rule);
    const at = rank.findIndex((value, index) => value !== best?.rank[index]);
    if (!best || (at >= 0 && rank[at]! > best.rank[at]!)) best = { team: rule.team, rank };
  }
  return best?.team ?? defaultTeam;
}

/** A rule that names nothing, or the same as an earlier one: where it stands, and why it cannot be. */
export function ruleErrors(
  rules: readonly OwnershipRule[],
): { readonly index: number; readonly rule: string; readonly message: string }[] {
  const seen = new Map<string, number>();
  return rules.flatMap((rule, index) => {
    const key = JSON.stringify(ownedBy.map((name) => rule[name] ?? null));
    if (ownedBy.every((name) => rule[name] == null)) {
      return [{ index, rule: 'named', message: `rules[${index}] names nothing: that is what defaultTeam is for` }];
    }
    const before = seen.get(key);
    if (before !== undefined) {
      return [{ index, rule: 'unique', message: `rules[${index}] names the same as rules[${before}]` }];
    }
    seen.set(key, index);
    return [];
  });
}
