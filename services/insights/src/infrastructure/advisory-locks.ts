/** The advisory locks of this service's database. Side by side, so that no two have one number. */
export const advisoryLocks = {
  /** Held by the transaction that writes the read model; by the one that lets a rebuilt one take its place, too */
  model: 4_607_000_001,
  /** Held by the one replica that judges days */
  judging: 4_607_000_002,
  /** Held by the transaction that lets cubes take in counts; by the one that lets another generation take their place, too */
  cubes: 4_607_000_003,
} as const;
