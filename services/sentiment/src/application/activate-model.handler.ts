import { Injectable } from '@nestjs/common';
import type { Actor } from '../domain/actor.js';
import { ModelStore, type Activation } from '../domain/own/model-store.js';

export type Activated =
  | { readonly kind: 'activated'; readonly active: Activation }
  | { readonly kind: 'already'; readonly active: Activation }
  | { readonly kind: 'unknown' }
  /** It was learned over another model than the one that ships now */
  | { readonly kind: 'other-base'; readonly base: string }
  /** Nothing was active before */
  | { readonly kind: 'nothing-before' };

/** A person says which model is to judge. */
@Injectable()
export class ActivateModel {
  constructor(
    private readonly store: ModelStore,
    /** The model that ships */
    private readonly base: string,
  ) {}

  /**
   * @param version undefined: what ships alone
   * @throws ActivationConflict where somebody else was faster
   */
  async handle(version: string | undefined, by: Actor, reason: string): Promise<Activated> {
    if (version !== undefined) {
      const model = (await this.store.all()).find((one) => one.version === version);
      if (!model) return { kind: 'unknown' };
      if (model.base !== this.base) return { kind: 'other-base', base: model.base };
    }
    const active = await this.store.active();
    // It is one all the same where it was gone back to: what is learned is made active by itself again.
    if (active.version === version && !active.rollback) return { kind: 'already', active };
    return {
      kind: 'activated',
      active: await this.store.activate(version, { by, reason, rollback: false, instead: active.number }),
    };
  }

  /**
   * Back to what was active before; going back again goes back further. What is learned from now on waits for a person.
   * @throws ActivationConflict where somebody else was faster
   */
  async rollback(by: Actor, reason: string): Promise<Activated> {
    const history = await this.store.activations(1_000);
    const target = versionBefore(history);
    if (target === 'none') return { kind: 'nothing-before' };
    const { version } = target;
    return {
      kind: 'activated',
      active: await this.store.activate(version, { by, reason, rollback: true, instead: history[0]!.number }),
    };
  }
}

/**
 * What was active before the active one was: the list read as a stack, on which an activation of another version puts and a rollback takes.
 * @param history newest first
 */
export function versionBefore(history: readonly Activation[]): { readonly version: string | undefined } | 'none' {
  const stack: (string | undefined)[] = [undefined];
  for (const { version, rollback } of history.toReversed()) {
    if (rollback) stack.pop();
    else if (version !== stack.at(-1)) stack.push(version);
  }
  return stack.length < 2 ? 'none' : { version: stack.at(-2) };
}
