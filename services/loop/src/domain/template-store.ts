import { type Person } from './permission.js';
import { type TemplateBody } from './template.js';

/** A template of a team, by its version. */
export interface Template extends TemplateBody {
  readonly templateId: string;
  readonly team: string;
  /** Of its team alone */
  readonly name: string;
  /** Counts its changes, from 1 */
  readonly version: number;
  readonly changedAt: Date;
  readonly changedBy: string;
}

export type NewTemplate = Omit<Template, 'version' | 'changedAt' | 'changedBy'>;

export type ReplaceResult = { readonly kind: 'replaced'; readonly template: Template } | TemplateRefused;
export type TemplateRefused =
  | { readonly kind: 'unknown' }
  /** It is at another version than was expected */
  | { readonly kind: 'conflict'; readonly version: number }
  /** Another one of the team is called so */
  | { readonly kind: 'name-taken' };

/** Where templates are kept. Every change is written to the audit log in the same transaction. */
export abstract class TemplateStore {
  /** By their names. */
  abstract list(team: string): Promise<Template[]>;
  abstract find(team: string, templateId: string): Promise<Template | undefined>;
  /** Undefined where the team has one of that name, or as many as it may have. */
  abstract create(person: Person, template: NewTemplate, most: number): Promise<Template | undefined>;
  abstract replace(person: Person, template: NewTemplate, expected: number): Promise<ReplaceResult>;
  abstract remove(
    person: Person,
    team: string,
    templateId: string,
    expected: number,
  ): Promise<{ readonly kind: 'removed' } | TemplateRefused>;
}
