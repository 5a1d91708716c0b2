/** Who changes something, as the audit log has it. */
export interface Actor {
  readonly kind: 'person' | 'command';
  readonly subject: string;
  readonly roles: readonly string[];
}
