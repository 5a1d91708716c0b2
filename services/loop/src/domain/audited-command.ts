import { type Loop, type LoopEvent } from './loop.js';
import { type Person } from './permission.js';

/** What a person did to a loop, as the audit log is to have it: keys, and apart from them words. */
export interface AuditedCommand {
  readonly person: Person;
  readonly loopId: string;
  /** The last thing that happened, in the past tense */
  readonly change: LoopEvent['change'];
  /** What of the loop changed */
  readonly before: AuditedFields;
  readonly after: AuditedFields;
  /** What the person wrote, by name */
  readonly words: Readonly<Record<string, string>>;
}
type AuditedFields = Readonly<Record<string, string | number | boolean | null>>;

const fields = [
  ...(['version', 'state', 'cycle', 'level', 'team', 'owner', 'priority', 'waiting', 'feedback'] as const),
] satisfies readonly (keyof Loop)[];

/** @param more keys that the command named and the loop does not show */
export function auditedCommand(
  person: Person,
  change: LoopEvent['change'],
  before: Loop,
  after: Loop,
  { words = {}, more = {} }: { words?: AuditedCommand['words']; more?: AuditedFields } = {},
): AuditedCommand {
  const changed = fields.filter((name) => before[name] !== after[name]);
  const of = (loop: Loop): AuditedFields => Object.fromEntries(changed.map((name) => [name, loop[name] ?? null]));
  return { person, loopId: before.loopId, change, before: of(before), after: { ...of(after), ...more }, words };
}
