/** A person who changes something here. */
export interface Actor {
  readonly kind: 'person';
  readonly subject: string;
  readonly roles: readonly string[];
}
