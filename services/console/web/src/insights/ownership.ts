/** What a rule may name of the experience. */
export const ownedBy = ['topic', 'touchpoint', 'journeyStage', 'location', 'product'] as const;

export const journeyStages = [
  ...['awareness', 'consideration', 'purchase', 'onboarding'],
  ...['use', 'support', 'renewal'],
] as const;

export type OwnershipRule = { readonly team: string } & Readonly<Partial<Record<(typeof ownedBy)[number], string>>>;

/** Whose insights are: the most specific rule that fits wins, and the default team has what none names. */
export interface Ownership {
  readonly version: number;
  readonly defaultTeam: string;
  readonly rules: readonly OwnershipRule[];
}

/** As the service takes it: what is left empty is not named. */
export const asSent = ({ defaultTeam, rules }: Omit<Ownership, 'version'>) => ({
  defaultTeam,
  rules: rules.map(
    (rule) =>
      Object.fromEntries(
        Object.entries(rule)
          .map(([name, value]) => [name, value.trim()] as const)
          .filter(([, value]) => value !== ''),
      ) as OwnershipRule,
  ),
});
