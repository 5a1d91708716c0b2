/** Who changes something: a person with a token, or the user of the system who runs a command. */
export interface Actor {
  readonly kind: 'person' | 'command';
  readonly subject: string;
  readonly roles: readonly string[];
}

/** As it is written beside what was changed: `person:ada`. */
export const nameOf = ({ kind, subject }: Actor): string => `${kind}:${subject}`;
