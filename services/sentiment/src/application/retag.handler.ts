import type { Feedback, Tags } from '@closeloop/contracts';
import { randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { ModelStore, type KeptModel } from '../domain/own/model-store.js';
import { taggerName } from '../domain/own/own-model.js';
import { judgeAnew, type Retag, type RetagCounts } from '../domain/retag/retag.js';
import { type NewRetag, RetagStore } from '../domain/retag/retag-store.js';
import type { TaggedFeedback } from '../domain/tagged-store.js';

/** Most feedback of one transaction: a frozen replica holds no more than these. */
const batch = 100;

/** Tags a feedback whose language is known, by a model. */
export type TagAnew = (kept: KeptModel | undefined) => (feedback: Feedback, language: string) => Tags;

export type Asked =
  | { readonly kind: 'asked'; readonly retag: Retag }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'other-base'; readonly base: string };

/** Judges a period anew by a chosen model: new revisions of the tags, told to all who read them, no faster than asked. */
@Injectable()
export class RetagPeriod {
  readonly #logger = new Logger('Retagging');
  #tagger: { readonly version: string | undefined; readonly tag: ReturnType<TagAnew> } | undefined;

  constructor(
    private readonly retags: RetagStore,
    private readonly models: ModelStore,
    /** The model that ships */
    private readonly base: string,
    private readonly tagAnew: TagAnew,
  ) {}

  /** @param version undefined: what ships alone; `active`: the one that is so now */
  async ask(
    version: string | undefined | { readonly active: true },
    period: Pick<NewRetag, 'from' | 'to' | 'perSecond' | 'askedBy'>,
  ): Promise<Asked> {
    const chosen = typeof version === 'object' ? (await this.models.active()).version : version;
    if (chosen !== undefined) {
      const model = (await this.models.all()).find((one) => one.version === chosen);
      if (!model) return { kind: 'unknown' };
      if (model.base !== this.base) return { kind: 'other-base', base: model.base };
    }
    const retag = await this.retags.add({
      ...{ ...period, retagId: randomUUID(), version: chosen, model: taggerName(this.base, chosen) },
    });
    return { kind: 'asked', retag };
  }

  /** One batch of one that is due; false where none is. @throws BackPressure while too much waits to be sent */
  step(): Promise<boolean> {
    return this.retags.step(async (step) => {
      const { retag, tagged } = step;
      // A release has brought another model meanwhile: the chosen one judges nothing any more.
      if (retag.model !== taggerName(this.base, retag.version)) return step.end('stopped');
      const size = Math.min(batch, retag.perSecond);
      const next = await step.next(size);
      if (next.length === 0) return step.end('done');
      const tag = await this.#taggerOf(retag.version);
      const counts = { lookedAt: next.length, retagged: 0, changed: 0, leftHuman: 0, failed: 0 };
      const anew: TaggedFeedback[] = [];
      for (const { feedback, tagRevision, tags: before } of await tagged.lock(
        next.map(({ feedbackId }) => feedbackId),
      )) {
        const { tags, what, error } = judgeAnew(before, () => tag(feedback, before.language.tag));
        // Its own words may be in the message, so only its kind is told.
        if (what === 'failed') this.#logger.error(`${feedback.feedbackId} cannot be judged: ${(error as Error).name}`);
        if (tags) anew.push({ feedback, tagRevision: tagRevision + 1, tags });
        count(counts, what);
      }
      await tagged.retag(anew);
      await step.goOn(next.at(-1)!, counts, (next.length / retag.perSecond) * 1_000);
    });
  }

  /** Milliseconds until there is something to do; undefined where nothing is asked for */
  untilNext(): Promise<number | undefined> {
    return this.retags.untilNext();
  }

  async #taggerOf(version: string | undefined): Promise<ReturnType<TagAnew>> {
    if (this.#tagger && this.#tagger.version === version) return this.#tagger.tag;
    const tag = this.tagAnew(version === undefined ? undefined : await this.models.kept(version));
    this.#tagger = { version, tag };
    return tag;
  }
}

function count(counts: { -readonly [name in keyof RetagCounts]: number }, what: keyof RetagCounts | 'same'): void {
  if (what === 'same') return;
  counts[what] += 1;
  if (what === 'changed') counts.retagged += 1;
}
