/** What is sealed: none is taken for another. */
export type Purpose = 'session' | 'sign-in-attempt';

/** Seals what a browser keeps for us, so that nobody can read or change it. */
export abstract class Seal {
  /** @param expires seconds since 1970 */
  abstract seal(purpose: Purpose, value: object, expires: number): Promise<string>;
  /** What was sealed for that purpose and is not over; undefined for everything else. `isOld`: by a secret that seals no more. */
  abstract open<T extends object>(
    purpose: Purpose,
    sealed: string,
  ): Promise<{ readonly value: T; readonly isOld: boolean } | undefined>;
}
