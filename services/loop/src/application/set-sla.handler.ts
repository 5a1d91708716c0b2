import { Injectable } from '@nestjs/common';
import { type Violation } from '@closeloop/contracts';
import { type Person } from '../domain/permission.js';
import { readDocument, type SlaDocument } from '../domain/sla/document.js';
import { SettingsStore, type KeptSettings } from '../domain/sla/settings-store.js';

export type SetSlaResult =
  | { readonly kind: 'created'; readonly kept: KeptSettings; readonly toApply: number }
  | { readonly kind: 'conflict'; readonly active: number }
  | { readonly kind: 'invalid'; readonly violations: readonly Violation[] };

/** Makes the next version of what is promised. */
@Injectable()
export class SetSla {
  constructor(private readonly store: SettingsStore) {}

  async handle(
    by: Person,
    { basedOn, reason, applyToOpen }: { basedOn: number; reason?: string; applyToOpen: boolean },
    document: SlaDocument,
  ): Promise<SetSlaResult> {
    const read = readDocument(document, basedOn + 1);
    if ('violations' in read) return { kind: 'invalid', violations: read.violations };
    const settings = { by, document, ...(reason !== undefined && { reason }) };
    const created = await this.store.create(basedOn, settings, applyToOpen);
    if (created) return { kind: 'created', ...created };
    return { kind: 'conflict', active: (await this.store.find())!.version };
  }
}
